import { mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { type ArtifactIdentity, artifactKey } from "../../infra/release/artifact/identity";
import { contentDigest } from "../../infra/release/artifact/manifest";
import { packArtifact } from "../../infra/release/artifact/pack";

const made: string[] = [];

afterEach(async () => {
  for (const directory of made.splice(0)) await rm(directory, { recursive: true, force: true });
});

async function tree(files: readonly string[], time: Date): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "artifact-test-"));
  made.push(directory);
  for (const file of files) {
    await mkdir(join(directory, file, ".."), { recursive: true });
    await writeFile(join(directory, file), `content of ${file}`);
    await utimes(join(directory, file), time, time);
  }
  await symlink("app/b.js", join(directory, "link"));
  return directory;
}

test("the same files give the same bytes, in whatever order and whenever they were written", async () => {
  const one = await tree(["app/a.js", "app/b.js", "frontend/index.html"], new Date("2020-01-01"));
  const two = await tree(["frontend/index.html", "app/b.js", "app/a.js"], new Date("2026-01-01"));
  const [first, second] = [await packArtifact(one, `${one}.tar.gz`), await packArtifact(two, `${two}.tar.gz`)];
  made.push(`${one}.tar.gz`, `${two}.tar.gz`, `${one}.tar.gz.json`, `${two}.tar.gz.json`);
  expect(second.digest).toBe(first.digest);
  expect(await readFile(second.path)).toEqual(await readFile(first.path));
  expect(await contentDigest(two)).toBe(await contentDigest(one));
});

test.each([
  ["a file's content", async (directory: string) => writeFile(join(directory, "app/a.js"), "other")],
  ["a file's name", async (directory: string) => writeFile(join(directory, "app/c.js"), "")],
  ["where a link leads", async (directory: string) => symlink("app/a.js", join(directory, "link2"))],
])("the content's digest changes with %s", async (_, change) => {
  const directory = await tree(["app/a.js"], new Date());
  const before = await contentDigest(directory);
  await change(directory);
  expect(await contentDigest(directory)).not.toBe(before);
});

const identity: ArtifactIdentity = {
  commit: "c".repeat(40),
  build: { directory: "interface", commands: ["npm ci"], variables: {}, nodeVersion: "22.23.3", include: ["a"] },
  frontend: { directory: "dist" },
  platform: "linux-x64",
  schemaVersions: [1],
  variablesFile: ".env.example",
};

test.each<[string, Partial<ArtifactIdentity>]>([
  ["commit", { commit: "d".repeat(40) }],
  ["build variable", { build: { ...identity.build, variables: { VITE_API_URL: "https://x" } } }],
  ["Node version", { build: { ...identity.build, nodeVersion: "22.23.4" } }],
  ["declared schema", { schemaVersions: [1, 2] }],
])("another %s is another artifact", (_, change) => {
  expect(artifactKey({ ...identity, ...change })).not.toBe(artifactKey(identity));
  expect(artifactKey({ ...identity })).toBe(artifactKey(identity));
});
