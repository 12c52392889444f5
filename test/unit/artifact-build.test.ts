import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { cacheDirectory } from "../../infra/core/cache";
import { theseProcesses } from "../../infra/core/process";
import { buildArtifact } from "../../infra/release/artifact/build";
import { inBuildDirectory } from "../../infra/release/artifact/build-directory";
import { identityOf } from "../../infra/release/artifact/identity";
import type { Artifact } from "../../infra/release/artifact/pack";
import { applicationSettings } from "../../infra/settings/application";
import type { Settings } from "../../infra/settings/settings";
import { type Content, commitFiles } from "./git-repository";

const root = mkdtempSync(join(tmpdir(), "artifact-build-"));
const before = { ...process.env };
let count = 0;

// Node itself is not what these tests look at: the one that runs them takes its place.
beforeEach(() => {
  process.env.PROMPT_LIBRARY_CACHE = join(root, `cache-${++count}`);
  const node = join(process.env.PROMPT_LIBRARY_CACHE, "node/linux-x64-22.23.3-with-headers/bin/node");
  mkdirSync(join(node, ".."), { recursive: true });
  writeFileSync(node, `#!/bin/sh\nexec ${process.execPath} "$@"\n`, { mode: 0o755 });
});

afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

type Build = { commands?: string[]; include?: string[]; sharedDirectories?: string[] };

async function build(
  files: Readonly<Record<string, Content>>,
  { commands = ["true"], include = ["backend"], sharedDirectories = [] }: Build = {},
): Promise<{ artifact: Artifact; again: () => Promise<Artifact>; unpacked: string }> {
  const repository = join(root, `repository-${++count}`);
  const commit = commitFiles(repository, { "dist/index.html": "<h1>", "backend/a.js": "1", ...files });
  const app = applicationSettings.parse({
    repository,
    compatibility: { main: [1] },
    build: { directory: ".", commands, variables: {}, include },
    frontend: { directory: "dist" },
    sharedDirectories,
  });
  const settings = { app, preflight: { variablesFile: "none" } } as Settings;
  const again = () => buildArtifact(app, identityOf(settings, commit, [1], "22.23.3"), "main", () => undefined);
  const artifact = await again();
  const unpacked = join(root, `unpacked-${count}`);
  mkdirSync(unpacked);
  execFileSync("tar", ["-xzf", artifact.path, "-C", unpacked]);
  return { artifact, again, unpacked };
}

test("a link stays relative and works where the artifact is unpacked, and two builds give the same bytes", async () => {
  const { artifact, again, unpacked } = await build(
    {
      "dist/assets-1/app.js": "the page's",
      "dist/assets": { link: "assets-1" },
      "dist/latest.js": { link: "assets-1/app.js" },
      "backend/b.js": { link: "a.js" },
    },
    { commands: ['ln -s "$PWD/backend/a.js" backend/absolute.js', 'ln -s "$PWD/dist/assets-1" dist/absolute'] },
  );
  for (const [link, leads] of [
    ["frontend/latest.js", "assets-1/app.js"],
    ["frontend/assets", "assets-1"],
    ["frontend/absolute", "assets-1"],
    ["app/backend/b.js", "a.js"],
    ["app/backend/absolute.js", "a.js"],
  ] as const)
    expect([link, readlinkSync(join(unpacked, link))]).toEqual([link, leads]);
  expect(readFileSync(join(unpacked, "frontend/absolute/app.js"), "utf8")).toBe("the page's");
  expect(readFileSync(join(unpacked, "app/backend/absolute.js"), "utf8")).toBe("1");
  expect((await again()).digest).toBe(artifact.digest);
});

test.each<[string, Record<string, Content>, Build, string, RegExp]>([
  [
    "to a place of the machine",
    { "backend/etc": { link: "/etc/passwd" } },
    {},
    "link-leads-out",
    /backend\/etc .*\/etc\/passwd/,
  ],
  [
    "above the repository",
    { "backend/up": { link: "../../other" } },
    {},
    "link-leads-out",
    /backend\/up .*\.\.\/\.\.\/other/,
  ],
  [
    "out of the built pages",
    { "dist/a.js": { link: "../backend/a.js" } },
    {},
    "link-leads-out",
    /dist\/a\.js leads to \.\.\/backend.*app\.frontend\.directory/,
  ],
  [
    "to what is not included",
    { "lib/index.js": "1", "backend/node_modules/lib": { link: "../../lib" } },
    {},
    "artifact-incomplete",
    /app\.build\.include .*\blib\b/,
  ],
  [
    "to what is nowhere",
    { "backend/gone.js": { link: "nowhere.js" } },
    {},
    "artifact-incomplete",
    /backend\/gone\.js .*nowhere\.js/,
  ],
  ["to itself", { "backend/loop": { link: "loop" } }, {}, "artifact-incomplete", /backend\/loop/],
  [
    "to a workspace that the backend needs and nobody includes",
    {
      "backend/package.json": '{"name":"backend","dependencies":{"shared":"*"}}',
      "shared/package.json": '{"name":"shared"}',
      "backend/node_modules/shared": { link: "../../shared" },
    },
    {},
    "artifact-incomplete",
    /app\.build\.include .*\bshared\b/,
  ],
])("a link that leads %s is refused by name", async (_, files, options, code, words) => {
  const refused = build(files, options);
  await expect(refused).rejects.toMatchObject({ code, message: expect.stringMatching(words) });
});

test("links to workspaces that the backend does not need are left out; those to a shared directory stay", async () => {
  const { unpacked } = await build(
    {
      "backend/package.json": '{"name":"backend","dependencies":{"shared":"*"}}',
      "pages/package.json": '{"name":"pages"}',
      "pages/cli.js": "1",
      "shared/package.json": '{"name":"shared"}',
      "node_modules/shared": { link: "../shared" },
      "node_modules/pages": { link: "../pages" },
      "node_modules/.bin/pages": { link: "../pages/cli.js" },
      "node_modules/.bin/pruned": { link: "../pruned/cli.js" },
      "backend/uploads": { link: "../data/uploads" },
    },
    { include: ["backend", "shared", "node_modules"], sharedDirectories: ["data"] },
  );
  expect(existsSync(join(unpacked, "app/node_modules/shared/package.json"))).toBe(true);
  expect(readlinkSync(join(unpacked, "app/backend/uploads"))).toBe("../data/uploads");
  for (const link of ["pages", ".bin/pages", ".bin/pruned"])
    expect(() => readlinkSync(join(unpacked, "app/node_modules", link))).toThrow("ENOENT");
});

test("two builds give the same bytes also where the build writes its own directory into them", async () => {
  const { artifact, again } = await build({}, { commands: ["pwd > backend/where"] });
  expect((await again()).digest).toBe(artifact.digest);
});

test("builds of one release do not share a directory, and one that was killed leaves its place to the next", async () => {
  const key = `${process.pid}`.padStart(16, "e");
  const usual = join(tmpdir(), `artifact-${key}`);
  await inBuildDirectory(key, async (directory) => {
    expect(directory).toBe(usual);
    await inBuildDirectory(key, async (other) => expect(other.startsWith(`${usual}-`)).toBe(true));
    expect(existsSync(directory)).toBe(true);
  });
  expect(existsSync(usual)).toBe(false);
  mkdirSync(usual);
  writeFileSync(join(usual, "builder.json"), theseProcesses()!.replaceAll(/"startTicks":"\d+"/g, '"startTicks":"0"'));
  writeFileSync(join(usual, "half-built"), "");
  await inBuildDirectory(key, async (directory) => {
    expect(directory).toBe(usual);
    expect(existsSync(join(directory, "half-built"))).toBe(false);
  });
});

test.each([
  ["app.build.include", { include: ["backend", "no/such"] }, {}, "no/such"],
  ["app.frontend.directory", { commands: ["rm -r dist"] }, {}, "dist"],
])("what the build did not make is named: %s", async (setting, options, files, path) => {
  await expect(build(files, options)).rejects.toMatchObject({
    code: "artifact-incomplete",
    message: expect.stringContaining(`${setting} names ${path}`),
  });
});

const yarn =
  "yarn@1.22.22+sha512.a6b2f7906b721bba3d67d4aff083df04dad64c399707841b7acf00f6b133b7ac24255f2652fa22ae3534329dc6180534e98d17432037ff6fd140556e2bb3137e";

test("the package manager is the one that the release names, of its version and checksum", async () => {
  const { unpacked } = await build(
    { "package.json": JSON.stringify({ packageManager: yarn }) },
    { commands: ["yarn --version > backend/version"] },
  );
  expect(readFileSync(join(unpacked, "app/backend/version"), "utf8")).toBe("1.22.22\n");
});

test.each([
  ["another checksum", yarn.replace("a6b2", "a6b3")],
  ["one that we know nothing of", "bun@1.2.3"],
  ["a range", "pnpm@9"],
  ["a version that nobody made", "pnpm@9.9999.0"],
])("a package manager with %s is refused", async (_, packageManager) => {
  await expect(build({ "package.json": JSON.stringify({ packageManager }) })).rejects.toMatchObject({
    code: "package-manager-unknown",
    message: expect.stringContaining(packageManager.slice(0, 12)),
  });
});

test("workspaces of pnpm work where the artifact is unpacked, and two builds give the same bytes", async () => {
  const lock = {
    lockfileVersion: "9.0",
    settings: { autoInstallPeers: true, excludeLinksFromLockfile: false },
    importers: {
      ".": {},
      backend: { dependencies: { shared: { specifier: "workspace:*", version: "link:../shared" } } },
      shared: {},
    },
  };
  const { artifact, again, unpacked } = await build(
    {
      "package.json": JSON.stringify({ name: "all", packageManager: "pnpm@9.15.9" }),
      "pnpm-workspace.yaml": "packages: [backend, shared]\n",
      "pnpm-lock.yaml": JSON.stringify(lock),
      "shared/package.json": JSON.stringify({ name: "shared", main: "index.js" }),
      "shared/index.js": "module.exports = 'shared';",
      "backend/package.json": JSON.stringify({ name: "backend", dependencies: { shared: "workspace:*" } }),
      "backend/start.js": "process.stdout.write(require('shared'));",
    },
    { commands: ["pnpm install --frozen-lockfile --offline"], include: ["backend", "shared", "node_modules"] },
  );
  expect(execFileSync("node", [join(unpacked, "app/backend/start.js")], { encoding: "utf8" })).toBe("shared");
  expect((await again()).digest).toBe(artifact.digest);
});

test("a native module is compiled for the Node.js that the artifact carries, and two builds give the same bytes", async () => {
  // The real Node.js, where this machine keeps it.
  const own = process.env.PROMPT_LIBRARY_CACHE;
  Object.assign(process.env, before);
  if (before.PROMPT_LIBRARY_CACHE === undefined) delete process.env.PROMPT_LIBRARY_CACHE;
  const kept = cacheDirectory("node");
  mkdirSync(kept, { recursive: true });
  process.env.PROMPT_LIBRARY_CACHE = own;
  rmSync(cacheDirectory("node"), { recursive: true });
  symlinkSync(kept, cacheDirectory("node"));
  const addon = `#include <node.h>
void Init(v8::Local<v8::Object> exports) {
  auto* isolate = v8::Isolate::GetCurrent();
  exports->Set(isolate->GetCurrentContext(), v8::String::NewFromUtf8Literal(isolate, "compiledFor"),
    v8::String::NewFromUtf8Literal(isolate, NODE_VERSION)).Check();
}
NODE_MODULE(addon, Init)
`;
  const { artifact, again, unpacked } = await build(
    {
      "package.json": JSON.stringify({ name: "native", version: "1.0.0", gypfile: true }),
      "package-lock.json": JSON.stringify({
        name: "native",
        version: "1.0.0",
        lockfileVersion: 3,
        packages: { "": { name: "native", version: "1.0.0", hasInstallScript: true } },
      }),
      "binding.gyp": JSON.stringify({ targets: [{ target_name: "addon", sources: ["addon.cc"] }] }),
      "addon.cc": addon,
    },
    { commands: ["npm ci --no-fund --no-audit"], include: ["build"] },
  );
  const script = 'require("./app/build/Release/addon.node").compiledFor';
  const said = execFileSync(join(unpacked, "runtime/bin/node"), ["-p", script], { cwd: unpacked, encoding: "utf8" });
  expect(said.trim()).toBe("v22.23.3");
  expect((await again()).digest).toBe(artifact.digest);
}, 300_000);
