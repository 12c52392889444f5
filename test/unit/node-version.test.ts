import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { nodeVersionOf } from "../../infra/release/artifact/node-version";
import { applicationSettings } from "../../infra/settings/application";
import { commitFiles } from "./git-repository";

const root = mkdtempSync(join(tmpdir(), "node-version-"));
let count = 0;

afterAll(() => rmSync(root, { recursive: true, force: true }));

async function versionFor(files: Readonly<Record<string, string>>, nodeVersion?: string, scheme = ""): Promise<string> {
  const directory = join(root, `repository-${++count}`);
  const commit = commitFiles(directory, { "interface/a.js": "", ...files });
  const app = applicationSettings.parse({
    repository: `${scheme}${directory}`,
    compatibility: { main: [1] },
    build: { nodeVersion },
  });
  return nodeVersionOf(app, commit);
}

const engines = (node: string) => JSON.stringify({ engines: { node } });

test.each<[string, Record<string, string>, string]>([
  ["nothing", {}, "22.23.3"],
  ["an exact version in .nvmrc", { ".nvmrc": "# the team's\nv20.11.1\n" }, "20.11.1"],
  ["one in .node-version", { ".node-version": "20.11.1" }, "20.11.1"],
  ["one beside the build and one in the repository", { "interface/.nvmrc": "20.11.1", ".nvmrc": "18.20.4" }, "20.11.1"],
  ["one in .nvmrc and a range", { ".nvmrc": "20.11.1", "interface/package.json": engines("22") }, "20.11.1"],
  ["an exact engine", { "interface/package.json": engines("20.11.1") }, "20.11.1"],
  ["an engine of the repository", { "package.json": engines("20.11.1") }, "20.11.1"],
  ["a range with the usual version in it", { "interface/package.json": engines(">=20.19") }, "22.23.3"],
  ["a name of its LTS", { ".nvmrc": "lts/jod\n" }, "22.23.3"],
  ["whatever is the LTS", { ".nvmrc": "lts/*" }, "22.23.3"],
  ["a package.json that can't be read", { "interface/package.json": "{" }, "22.23.3"],
])("Node's version is the release's own: %s", async (_, files, version) => {
  expect(await versionFor(files)).toBe(version);
});

test("a version that config names is taken before the release's own", async () => {
  expect(await versionFor({ ".nvmrc": "20.11.1" }, "22.1.0")).toBe("22.1.0");
});

test("a range without the usual version is the newest of its lowest major version, also at an address", async () => {
  expect(await versionFor({ "interface/package.json": engines("^18.20.3 || 20") }, undefined, "file://")).toBe(
    "18.20.8",
  );
});

test.each([
  ["no version at all", "the newest, please"],
  ["a version that nobody made", "^22.9999"],
])("%s is refused by the name of its file", async (_, asked) => {
  await expect(versionFor({ "interface/package.json": engines(asked) })).rejects.toMatchObject({
    code: "node-version-unknown",
    message: expect.stringContaining("interface/package.json of the release"),
  });
});
