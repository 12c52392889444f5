import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { checkOut } from "../../infra/release/check-out";
import { resolveRelease } from "../../infra/release/release";
import { missingFiles } from "../../infra/release/release-files";
import { type Content, commitFiles, gitAlone } from "./git-repository";

const root = mkdtempSync(join(tmpdir(), "check-out-"));
const before = { ...process.env };
let count = 0;

afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

function repository(files: Readonly<Record<string, Content>>): string {
  const directory = join(root, `repository-${++count}`);
  commitFiles(directory, files);
  return directory;
}

async function checkedOut(from: string, commit = gitAlone(from.replace("file://", ""), "rev-parse", "HEAD")) {
  const directory = join(root, `checkout-${++count}`);
  await checkOut(from, commit, directory);
  return (path: string) => readFileSync(join(directory, path), "utf8");
}

/** As of servers that give only what they list: those behind git's first protocol. */
function firstProtocol(): void {
  Object.assign(process.env, {
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "protocol.version",
    GIT_CONFIG_VALUE_0: "0",
  });
}

test("submodules are checked out, and those inside them, from a directory and from an address", async () => {
  const inner = repository({ "inner.js": "inner" });
  const lib = repository({ "index.js": "lib" });
  gitAlone(lib, "submodule", "--quiet", "add", inner, "inner");
  commitFiles(lib, {});
  const own = repository({ "a.js": "own" });
  gitAlone(own, "submodule", "--quiet", "add", lib, "vendor/lib");
  // As it is written where all of a team's repositories are in one place.
  gitAlone(own, "submodule", "--quiet", "add", `../${lib.split("/").at(-1)}`, "vendor/beside");
  commitFiles(own, {});
  commitFiles(lib, { "index.js": "newer than the release" });
  for (const from of [own, `file://${own}`]) {
    const read = await checkedOut(from);
    expect(read("vendor/lib/index.js")).toBe("lib");
    expect(read("vendor/lib/inner/inner.js")).toBe("inner");
    expect(read("vendor/beside/index.js")).toBe("lib");
  }
});

test("a submodule beside a clone's own origin is found there", async () => {
  const team = join(root, "team");
  commitFiles(join(team, "lib"), { "index.js": "lib" });
  commitFiles(join(team, "own"), { "a.js": "own" });
  gitAlone(join(team, "own"), "submodule", "--quiet", "add", "../lib", "vendor/lib");
  commitFiles(join(team, "own"), {});
  const clone = join(root, "elsewhere/clone");
  gitAlone(root, "clone", "--quiet", join(team, "own"), clone);
  expect((await checkedOut(clone))("vendor/lib/index.js")).toBe("lib");
});

test("a submodule that can't be had refuses the release by its name, with git's words and without a password", async () => {
  const lib = repository({ "index.js": "lib" });
  const own = repository({ "a.js": "own" });
  gitAlone(own, "submodule", "--quiet", "add", lib, "vendor/lib");
  const address = "https://ada:canary-password@127.0.0.1:1/lib.git";
  writeFileSync(join(own, ".gitmodules"), `[submodule "vendor/lib"]\n\tpath = vendor/lib\n\turl = ${address}\n`);
  commitFiles(own, {});
  const refused = checkedOut(own);
  await expect(refused).rejects.toMatchObject({
    code: "submodule-missing",
    message: expect.stringMatching(/vendor\/lib[\s\S]*127\.0\.0\.1/),
  });
  await expect(refused).rejects.not.toThrow("canary-password");
});

test.each([
  ["that no address is known of", ""],
  [
    "that its own file says to leave alone",
    '[submodule "vendor/lib"]\n\tpath = vendor/lib\n\turl = ./nowhere\n\tupdate = none\n',
  ],
])("a submodule %s refuses the release by its name", async (_, modules) => {
  const lib = repository({ "index.js": "lib" });
  const own = repository({ "a.js": "own" });
  gitAlone(own, "submodule", "--quiet", "add", lib, "vendor/lib");
  writeFileSync(join(own, ".gitmodules"), modules);
  commitFiles(own, {});
  await expect(checkedOut(own)).rejects.toMatchObject({
    code: "submodule-missing",
    message: expect.stringContaining("vendor/lib"),
  });
});

const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${"4d".repeat(32)}\nsize 12345\n`;

test("content that is in LFS and can't be had refuses the release by the file's name", async () => {
  // Only git, and what it starts by itself: no git-lfs.
  const bin = join(root, "bin");
  mkdirSync(bin);
  for (const program of ["git", "sh"])
    symlinkSync(execFileSync("sh", ["-c", `command -v ${program}`], { encoding: "utf8" }).trim(), join(bin, program));
  const own = repository({
    ".gitattributes": "*.png filter=lfs diff=lfs merge=lfs -text\n",
    "site/big logo.png": pointer,
    "other.txt": pointer,
  });
  const commit = gitAlone(own, "rev-parse", "HEAD");
  process.env.PATH = bin;
  await expect(checkedOut(own, commit)).rejects.toMatchObject({
    code: "lfs-content-missing",
    message: expect.stringMatching(/site\/big logo\.png(?![\s\S]*other\.txt)/),
  });
});

test.runIf(hasLfs())("content that is in LFS is checked out, from a directory and from an address", async () => {
  const own = join(root, "with-lfs");
  mkdirSync(own);
  gitAlone(own, "init", "--quiet", "--initial-branch=main");
  gitAlone(own, "lfs", "install", "--local");
  commitFiles(own, { ".gitattributes": "*.png filter=lfs diff=lfs merge=lfs -text\n", "logo.png": "the picture" });
  expect(gitAlone(own, "cat-file", "blob", "HEAD:logo.png")).toContain("git-lfs");
  for (const from of [own, `file://${own}`]) expect((await checkedOut(from))("logo.png")).toBe("the picture");
  // A clone may hold the pictures of its own branch alone; its origin has them all.
  const clone = join(root, "without-content");
  gitAlone(root, "-c", "filter.lfs.smudge=cat", "-c", "filter.lfs.process=", "clone", "--quiet", own, clone);
  expect((await checkedOut(clone))("logo.png")).toBe("the picture");
  rmSync(join(own, ".git/lfs/objects"), { recursive: true });
  await expect(checkedOut(own)).rejects.toMatchObject({
    code: "lfs-content-missing",
    message: expect.stringContaining("logo.png"),
  });
});

function hasLfs(): boolean {
  try {
    gitAlone(tmpdir(), "lfs", "version");
    return true;
  } catch {
    return false;
  }
}

test("a commit by its full id is found also where a server gives only what it lists", async () => {
  const own = repository({ file: "1" });
  const first = gitAlone(own, "rev-parse", "HEAD");
  commitFiles(own, { file: "2" });
  firstProtocol();
  const address = `file://${own}`;
  expect((await resolveRelease(first, address)).commit).toBe(first);
  expect(await missingFiles(address, first, ["file", "none"])).toEqual(["none"]);
  expect((await checkedOut(address, first))("file")).toBe("1");
  await expect(resolveRelease("1".repeat(40), address)).rejects.toMatchObject({ code: "release-unknown" });
});

test("a commit id in a repository that can't be read is reported in git's words, without what is secret in its address", async () => {
  const commit = "1".repeat(40);
  for (const credentials of ["ada:canary-password", "canary-token"]) {
    const refused = resolveRelease(commit, `https://${credentials}@127.0.0.1:1/app.git`);
    await expect(refused).rejects.toMatchObject({
      code: "repository-unreadable",
      message: expect.stringMatching(/127\.0\.0\.1:1\/app\.git[\s\S]*(connect|Connection)/),
    });
    await expect(refused).rejects.not.toThrow("canary");
  }
  await expect(checkOut("https://canary-token@127.0.0.1:1/app.git", commit, join(root, "none"))).rejects.toMatchObject({
    code: "repository-unreadable",
  });
});

test("a shallow clone is named as the reason where it lacks the release", async () => {
  const own = repository({ file: "1" });
  const first = gitAlone(own, "rev-parse", "HEAD");
  gitAlone(own, "tag", "v1");
  const newest = commitFiles(own, { file: "2" });
  const shallow = join(root, "shallow");
  gitAlone(root, "clone", "--quiet", "--depth=1", "--no-tags", `file://${own}`, shallow);
  for (const name of ["v1", first]) {
    const refused = resolveRelease(name, shallow);
    await expect(refused).rejects.toMatchObject({ code: "clone-shallow", message: expect.stringContaining(shallow) });
    await expect(refused).rejects.toMatchObject({ remedy: expect.stringContaining("fetch --unshallow") });
  }
  expect((await checkedOut(shallow, newest))("file")).toBe("2");
});

test("a partial clone that lacks a file's content refuses the release by the file's name", async () => {
  const own = repository({ "src/a.js": "1" });
  gitAlone(own, "config", "uploadpack.allowFilter", "true");
  const partial = join(root, "partial");
  gitAlone(root, "clone", "--quiet", "--no-checkout", "--filter=blob:none", `file://${own}`, partial);
  await expect(checkedOut(partial)).rejects.toMatchObject({
    code: "repository-unreadable",
    message: expect.stringMatching(/src\/a\.js/),
  });
});
