import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { compareFiles, describeFiles, readManifest } from "../../infra/database/backup/files";
import { manifestScript } from "../../infra/host/commands/shared-files";

const digest = (letter: string) => letter.repeat(64);
const manifest = (files: Record<string, string>) =>
  new Map(Object.entries(files).map(([path, letter]) => [path, digest(letter)]));
const before = manifest({ "./data/users.json": "a", "./data/connections.json": "b" });

test.each<[string, Record<string, string>, Record<string, string>, string[]]>([
  [
    "equal",
    { "./data/users.json": "a", "./data/connections.json": "b" },
    { "./data/users.json": "a", "./data/connections.json": "b" },
    [],
  ],
  [
    "one missing",
    { "./data/users.json": "a", "./data/connections.json": "b" },
    { "./data/users.json": "a" },
    ["./data/connections.json is missing"],
  ],
  [
    "one with another content",
    { "./data/users.json": "a", "./data/connections.json": "b" },
    { "./data/users.json": "c", "./data/connections.json": "b" },
    ["./data/users.json has another content"],
  ],
  [
    "one that was rewritten meanwhile",
    { "./data/users.json": "c", "./data/connections.json": "b" },
    { "./data/users.json": "d", "./data/connections.json": "b" },
    [],
  ],
  [
    "one that came meanwhile",
    { "./data/users.json": "a", "./data/connections.json": "b", "./data/new.json": "e" },
    { "./data/users.json": "a", "./data/connections.json": "b" },
    [],
  ],
])("a volume's copy: %s", (_name, after, copy, differences) => {
  expect(compareFiles(before, manifest(after), manifest(copy)).differences).toEqual(differences);
});

test("sha256sum's lines, with spaces and escapes in names; anything else is refused", () => {
  expect([...readManifest(`${digest("a")}  ./a b\n\\${digest("b")}  ./c\\nd\n`)]).toEqual([
    ["./a b", digest("a")],
    ["./c\\nd", digest("b")],
  ]);
  expect([...readManifest("")]).toEqual([]);
  expect(() => readManifest("find: permission denied")).toThrow("not a line of sha256sum");
});

test("evidence says how many were equal", () => {
  expect(describeFiles(compareFiles(before, manifest({ "./data/users.json": "a" }), before))).toBe(
    "1 files equal, 1 written to meanwhile",
  );
});

test("files that vanish while they are read are left out; what cannot be read at all is told", async () => {
  const directory = await mkdtemp(join(tmpdir(), "manifest-"));
  let isWriting = true;
  const write = async () => {
    for (let n = 0; isWriting; n = (n + 1) % 50) {
      const path = join(directory, `upload-${n}.tmp`);
      await writeFile(path, "x");
      await rm(path);
    }
  };
  try {
    for (let n = 0; n < 300; n++) await writeFile(join(directory, `f${n}`), `${n}`.repeat(5_000));
    const writing = write();
    const run = () => execa("bash", ["-euo", "pipefail"], { input: manifestScript(directory), reject: false });
    for (let n = 0; n < 5; n++) {
      const { exitCode, stdout, stderr } = await run();
      expect([exitCode, stderr]).toEqual([0, ""]);
      expect([...readManifest(stdout).keys()].filter((path) => /^\.\/f\d+$/.test(path))).toHaveLength(300);
    }
    isWriting = false;
    await writing;
    // What a file system says of a file that it cannot read, whoever asks.
    const broken = await execa("bash", ["-euo", "pipefail"], {
      input: `sha256sum() { echo "sha256sum: ./f1: Input/output error" >&2; return 1; }\nxargs() { cat > /dev/null; sha256sum; }\n${manifestScript(directory)}`,
      reject: false,
    });
    expect([broken.exitCode, broken.stderr]).toEqual([1, "sha256sum: ./f1: Input/output error"]);
  } finally {
    isWriting = false;
    await rm(directory, { recursive: true, force: true });
  }
});
