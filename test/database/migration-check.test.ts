import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkMigration, newMigration } from "../../infra/cli/migration";
import { renderMigrationCheck } from "../../infra/cli/migration-text";
import { useCluster } from "./scratch";

const cluster = useCluster();
let directory = "";

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "migrations-"));
  cpSync(resolve("sql"), directory, { recursive: true });
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

function url(): string {
  const { user, password, host, port } = cluster.running().superuser;
  return `postgresql://${user}:${encodeURIComponent(password ?? "")}@${host}:${port}/postgres`;
}

const check = (version?: number) =>
  checkMigration({
    url: url(),
    rows: 500,
    directory: join(directory, "migrations"),
    ...(version !== undefined && { version }),
  });

const databases = async () => {
  const client = await (await cluster.database()).session({ isSuperuser: true });
  return (await client.query("SELECT FROM pg_database WHERE datname LIKE 'migration_check_%'")).rowCount;
};

test("the checklist's own version 2 is traced on filled tables, and leaves no database behind", async () => {
  const checked = await check(2);
  expect(checked.filled).toEqual({ filled: expect.arrayContaining(["users", "connections"]), notFilled: [] });
  expect(checked.problems).toEqual([]);
  expect(checked.reports.map(({ from, to }) => [from, to])).toEqual([
    [1, 2],
    [2, 1],
    [1, 2],
  ]);
  const text = renderMigrationCheck(checked);
  expect(text).toContain("Up, down and up again: schema and rows came back as they were.");
  expect(text).toMatch(/\| up \| 0002_dynamic_providers up, statement \d+: .* \| connections \| ACCESS EXCLUSIVE \| /);
  expect(await databases()).toBe(0);
});

test("a new version is refused until it is written; a downgrade that loses rows or shape is named", async () => {
  const files = newMigration("connection_label", join(directory, "migrations"));
  expect(files.map((file) => file.slice(directory.length + 1).replace("migrations/../", ""))).toEqual([
    "migrations/0003_connection_label.up.sql",
    "migrations/0003_connection_label.down.sql",
    "verify/0003_connection_label.sql",
    "verify/0003_connection_label.down.sql",
  ]);
  expect(() => newMigration("Connection-Label", join(directory, "migrations"))).toThrow(
    expect.objectContaining({ code: "settings-wrong", changed: "nothing" }),
  );
  await expect(check()).rejects.toMatchObject({ code: "migration-incomplete" });

  const write = (file: string, text: string) => writeFileSync(join(directory, file), text);
  write(
    "migrations/0003_connection_label.up.sql",
    "ALTER TABLE public.connections ADD COLUMN IF NOT EXISTS label text;\n",
  );
  write(
    "migrations/0003_connection_label.down.sql",
    "ALTER TABLE public.connections DROP COLUMN IF EXISTS label;\nDELETE FROM public.ratings;\n",
  );
  const raises = (condition: string, what: string) =>
    `DO $$ BEGIN IF ${condition} THEN RAISE EXCEPTION '${what}'; END IF; END $$;\n`;
  const hasLabel =
    "EXISTS (SELECT FROM information_schema.columns WHERE table_name = 'connections' AND column_name = 'label')";
  write("verify/0003_connection_label.sql", raises(`NOT ${hasLabel}`, "no label"));
  write("verify/0003_connection_label.down.sql", raises(hasLabel, "still a label"));
  const loses = await check();
  expect(loses.problems).toEqual([
    expect.stringMatching(/^schema 2 came back with other rows: public\.ratings: /),
    expect.stringMatching(/^schema 3 came back with other rows: public\.ratings: /),
  ]);
  expect(renderMigrationCheck(loses)).toContain("**2 problems.**");
  expect(loses.linted).toContainEqual(expect.stringContaining("ban-drop-column"));

  const down = "migrations/0003_connection_label.down.sql";
  write(down, readFileSync(join(directory, down), "utf8").replace("DELETE FROM public.ratings;\n", ""));
  expect((await check()).problems).toEqual([]);
  expect(await databases()).toBe(0);
});

test("the documented third version does what the document says", async () => {
  const document = readFileSync("docs/operating.md", "utf8");
  const blocks = [
    ...document.matchAll(/`((?:migrations|verify)\/0003_\w+(?:\.\w+)?\.sql)`:\n\n```sql\n([\s\S]*?)```/g),
  ];
  expect(blocks).toHaveLength(4);
  for (const [, file = "", sql = ""] of blocks) writeFileSync(join(directory, file), sql);
  const checked = await check(3);
  expect(checked).toMatchObject({ problems: [], linted: [] });
  expect(checked.reports[0]?.applied[0]?.units.map(({ rows }) => rows)).toContain(500);
});

test("without a server it says what it needs", async () => {
  await expect(checkMigration({ url: "postgresql://nobody@127.0.0.1:1/postgres", rows: 1 })).rejects.toMatchObject({
    code: "database-unreachable",
    remedy: expect.stringContaining("--url"),
  });
});
