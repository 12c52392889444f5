import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { chainDigest, extendChain } from "../../infra/database/migrations/chain";
import { readMigrations } from "../../infra/database/migrations/files";
import { directoryOf } from "../database/versions";

const messageOf = (work: () => unknown): string => {
  try {
    work();
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

test("all problems of all files are told at once, by everything that reads them", async () => {
  const directory = await directoryOf(
    { up: "SELEC 1;\n", down: "COMMIT;\n", verify: "DELETE FROM a;\n" },
    { up: Buffer.from("SELECT '\xff';\n", "latin1"), verifyDown: "SELECT (;\n" },
  );
  const all = [
    '0001_v.up.sql:1:1: syntax error at or near "SELEC"\n    SELEC 1;\n    ^',
    "0001_v.down.sql:1:1: transactions are the engine's",
    "verify/0001_v.sql:1:1: only SELECT and DO",
    "0002_v.up.sql:1:9: byte 0xff is not UTF-8",
    'verify/0002_v.down.sql:1:9: syntax error at or near ";"',
  ];
  for (const read of [readMigrations, extendChain, chainDigest]) {
    const message = messageOf(() => read(directory));
    for (const problem of all) expect(message, read.name).toContain(problem);
  }
  expect(messageOf(() => readMigrations(directory))).toContain("0001_v is not in the chain yet");
});

test("the chain holds bytes: a line end of another kind is another file", async () => {
  const directory = await directoryOf({ up: "SELECT 'a';\n" });
  extendChain(directory);
  expect(readMigrations(directory).map(({ version }) => version)).toEqual([1]);
  const file = join(directory, "0001_v.up.sql");
  await writeFile(file, Buffer.from("SELECT 'a';\r\n"));
  expect(messageOf(() => readMigrations(directory))).toContain("0001_v.up.sql was changed after it joined the chain");
});

test("a chain that is no chain is refused by its path", async () => {
  const directory = await directoryOf({ up: "SELECT 1;\n" });
  extendChain(directory);
  const path = join(directory, "chain.json");
  await writeFile(path, (await readFile(path, "utf8")).replace('"version": 1', '"version": "one"'));
  expect(messageOf(() => readMigrations(directory))).toMatch(/chain\.json cannot be read: .*version/s);
});
