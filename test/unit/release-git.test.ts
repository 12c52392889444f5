import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { checkOut } from "../../infra/release/check-out";
import { resolveRelease } from "../../infra/release/release";
import { branchesWith, missingFiles, releaseFile } from "../../infra/release/release-files";

const root = mkdtempSync(join(tmpdir(), "release-git-"));
const own = join(root, "own");
const other = join(root, "other");
const before = { ...process.env };
let first = "";

function git(directory: string, ...args: string[]): string {
  const env = {
    PATH: process.env.PATH,
    HOME: root,
    ...Object.fromEntries(
      ["AUTHOR", "COMMITTER"].flatMap((who) => [
        [`GIT_${who}_NAME`, "t"],
        [`GIT_${who}_EMAIL`, "t@t"],
      ]),
    ),
  };
  return execFileSync("git", ["-C", directory, ...args], {
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  }).trim();
}

beforeAll(() => {
  for (const directory of [own, other]) {
    mkdirSync(join(directory, "docs"), { recursive: true });
    git(directory, "init", "--quiet", "--initial-branch=main");
    for (const content of ["1", "2", "3"]) {
      writeFileSync(join(directory, "file"), content);
      writeFileSync(join(directory, "docs/api.md"), `API ${content}\n`);
      writeFileSync(join(directory, "empty"), "");
      git(directory, "add", "--all");
      git(directory, "commit", "--quiet", "--message", `${directory} ${content}`);
      if (content === "2" && directory === own) git(directory, "tag", "--annotate", "v1.2.0", "--message", "v1.2.0");
    }
  }
  first = git(own, "rev-parse", "HEAD~2");
});

afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

test("a repository that reads as an option of git is never run as one", async () => {
  const trace = join(root, "injected");
  await expect(resolveRelease("v1.2.0", `--upload-pack=touch ${trace}`)).rejects.toThrow();
  await expect(branchesWith(`--upload-pack=touch ${trace}`, first)).rejects.toThrow();
  await expect(missingFiles(`--upload-pack=touch ${trace}`, first, ["file"])).rejects.toThrow();
  await expect(resolveRelease("v1.2.0", `ext::touch ${trace}`)).rejects.toThrow();
  expect(existsSync(trace)).toBe(false);
});

test("what git tells its own hooks about one repository is not taken for another", async () => {
  process.env.GIT_DIR = join(own, ".git");
  process.env.GIT_WORK_TREE = own;
  process.env.GIT_INDEX_FILE = join(own, ".git/index");
  await expect(resolveRelease("v1.2.0", other)).rejects.toThrow("v1.2.0");
  expect((await resolveRelease("main", other)).commit).toBe(git(other, "rev-parse", "main"));
  expect(await releaseFile(other, git(other, "rev-parse", "main~1"), "docs/api.md")).toBe("API 2");
});

test("an 'up' that runs in a git hook leaves the operator's own clone as it is", async () => {
  const head = () => [
    git(own, "symbolic-ref", "HEAD"),
    git(own, "rev-parse", "HEAD"),
    git(own, "status", "--porcelain"),
  ];
  const untouched = head();
  process.env.GIT_DIR = join(own, ".git");
  process.env.GIT_INDEX_FILE = join(own, ".git/index");
  const directory = join(root, "checkout");
  await checkOut(other, git(other, "rev-parse", "main~1"), directory);
  expect(readFileSync(join(directory, "docs/api.md"), "utf8")).toBe("API 2\n");
  expect(head()).toEqual(untouched);
});

test("a commit that is on no branch is checked out, from a directory and from an address", async () => {
  git(own, "checkout", "--quiet", "--detach", "main~1");
  writeFileSync(join(own, "file"), "alone");
  git(own, "commit", "--quiet", "--all", "--message", "alone");
  const commit = git(own, "rev-parse", "HEAD");
  git(own, "checkout", "--quiet", "main");
  for (const [index, repository] of [own, `file://${own}`].entries()) {
    await checkOut(repository, commit, join(root, `alone-${index}`));
    expect(readFileSync(join(root, `alone-${index}`, "file"), "utf8")).toBe("alone");
  }
});

test("git gets none of the deployment's secrets", async () => {
  const bin = join(root, "bin");
  const seen = join(root, "seen");
  mkdirSync(bin, { recursive: true });
  const real = execFileSync("sh", ["-c", "command -v git"], { encoding: "utf8" }).trim();
  writeFileSync(join(bin, "git"), `#!/bin/sh\nenv >> ${seen}\nexec ${real} "$@"\n`);
  chmodSync(join(bin, "git"), 0o755);
  process.env.PATH = `${bin}${delimiter}${process.env.PATH}`;
  process.env.PULUMI_CONFIG = '{"secret":"canary-of-the-config"}';
  process.env.PULUMI_CONFIG_PASSPHRASE = "canary-of-the-passphrase";
  await resolveRelease("v1.2.0", own);
  await missingFiles(own, first, ["file"]);
  await branchesWith(own, first);
  const environment = execFileSync("cat", [seen], { encoding: "utf8" });
  const names = environment.split("\n").map((row) => row.split("=")[0]);
  expect(names).toContain("HOME");
  expect(names.filter((name) => name?.startsWith("PULUMI"))).toEqual([]);
  expect(environment.includes("canary")).toBe(false);
});

test("a release is the same in a directory and at an address: a tag, a branch or a whole commit id", async () => {
  const second = git(own, "rev-parse", "main~1");
  git(own, "branch", "release/1.2", second);
  for (const repository of [own, `file://${own}`]) {
    expect((await resolveRelease("v1.2.0", repository)).commit).toBe(second);
    expect((await resolveRelease("release/1.2", repository)).commit).toBe(second);
    expect((await resolveRelease(first, repository)).commit).toBe(first);
    for (const name of [first.slice(0, 7), "HEAD", "nothing", "0".repeat(40)])
      await expect(resolveRelease(name, repository)).rejects.toThrow(name);
  }
});

test("a repository that can't be read is told as that, in git's own words and without a password", async () => {
  const failure = resolveRelease("v1.2.0", join(root, "nowhere"));
  await expect(failure).rejects.toThrow(/nowhere could not be read[\s\S]*does not appear to be a git repository/);
  const remote = resolveRelease("v1.2.0", "https://ada:canary-password@127.0.0.1:1/app.git");
  await expect(remote).rejects.toThrow(/could not be read[\s\S]*127\.0\.0\.1/);
  await expect(remote).rejects.not.toThrow("canary-password");
});

test("a directory inside another repository is not taken for that repository", async () => {
  await expect(resolveRelease("v1.2.0", join(own, "docs"))).rejects.toThrow("could not be read");
});

test("files of a commit: there, empty, missing, and of a commit that is nowhere", async () => {
  const paths = ["file", "empty", "docs", "docs/api.md", "no such", "--output=x", ":(top)file"];
  for (const repository of [own, `file://${own}`])
    expect(await missingFiles(repository, first, paths)).toEqual(["empty", "no such", "--output=x", ":(top)file"]);
  expect(await releaseFile(own, first, "docs/api.md")).toBe("API 1");
  expect(await releaseFile(own, first, "docs/none.md")).toBeUndefined();
  await expect(missingFiles(own, "1".repeat(40), ["file"])).rejects.toThrow("1".repeat(40));
});

test("a shallow clone is recognised: no branch is missed without the reason", async () => {
  const release = git(own, "rev-parse", "v1.2.0^{}");
  git(root, "clone", "--quiet", "--depth=1", "--branch", "v1.2.0", `file://${own}`, "of-a-tag");
  git(root, "clone", "--quiet", "--depth=1", `file://${own}`, "of-main");
  git(root, "clone", "--quiet", `file://${own}`, "whole");
  const cut = { names: [], isShallow: true };
  expect(await branchesWith(join(root, "of-a-tag"), release)).toEqual(cut);
  expect(await branchesWith(join(root, "of-main"), release)).toEqual(cut);
  expect(await branchesWith(`file://${join(root, "of-main")}`, release)).toEqual(cut);
  for (const repository of [join(root, "whole"), `file://${own}`]) {
    const { names, isShallow } = await branchesWith(repository, release);
    expect(names).toContain("main");
    expect(isShallow).toBe(false);
  }
});
