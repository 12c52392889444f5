import { expect, test } from "vitest";
import { compareFiles, describeFiles, readManifest } from "../../infra/database/backup/files";

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
