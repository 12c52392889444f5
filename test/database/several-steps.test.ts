import type { Client } from "pg";
import { expect, test } from "vitest";
import { type MigrationOptions, migrateTo, type ProgressEvent, schemaState } from "../../infra/database/migrations";
import { one, type Scratch, until, useCluster } from "./scratch";
import { type VersionFiles, versionsOf } from "./versions";

const cluster = useCluster();

async function go(
  scratch: Scratch,
  target: number,
  versions: VersionFiles[],
  options: Partial<MigrationOptions> = {},
  events: ProgressEvent[] = [],
) {
  return migrateTo({
    connect: scratch.connect,
    target,
    migrations: await versionsOf(...versions),
    options: { gentleLockTimeoutMs: 300, deadlineMs: 20_000, ...options },
    progress: (event) => void events.push(event),
  });
}

/** A transaction that has read the table and stays open: whatever runs concurrently waits for it. */
async function startReading(scratch: Scratch, table: string): Promise<Client> {
  const reader = await scratch.session({ name: "report" });
  await reader.query(`BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM ${table}`);
  return reader;
}

const indexes = (client: Client, table: string) =>
  one<string | null>(
    client,
    `SELECT string_agg(indexrelid::regclass || CASE WHEN indisvalid THEN '' ELSE ' invalid' END, ', ' ORDER BY 1) FROM pg_index WHERE indrelid = '${table}'::regclass`,
  );

const partitioned =
  "CREATE TABLE events (at int, what text) PARTITION BY RANGE (at); CREATE TABLE old_events PARTITION OF events FOR VALUES FROM (0) TO (10); CREATE TABLE new_events PARTITION OF events FOR VALUES FROM (10) TO (20); INSERT INTO events SELECT n, 'x' FROM generate_series(0, 19) AS n";
const detach: VersionFiles = {
  up: "-- migrate:when EXISTS (SELECT FROM pg_inherits WHERE inhrelid = 'public.old_events'::regclass)\nALTER TABLE events DETACH PARTITION old_events CONCURRENTLY;\n",
  down: "-- migrate:unless EXISTS (SELECT FROM pg_inherits WHERE inhrelid = 'public.old_events'::regclass)\nALTER TABLE events ATTACH PARTITION old_events FOR VALUES FROM (0) TO (10);\n",
};

test("an attempt to detach a partition that gave up half way is finished by the next", async () => {
  const scratch = await cluster.database();
  const client = await scratch.session();
  await client.query(partitioned);
  const reader = await startReading(scratch, "events");
  const events: ProgressEvent[] = [];
  const migrated = go(scratch, 1, [detach], {}, events);
  await until("an attempt has left it pending", () =>
    one<boolean>(client, "SELECT EXISTS (SELECT FROM pg_inherits WHERE inhdetachpending)"),
  );
  await until("it tried again", () => events.filter(({ kind }) => kind === "retrying").length >= 2);
  await reader.query("COMMIT");
  await migrated;
  expect(await one(client, "SELECT string_agg(inhrelid::regclass::text, ',') FROM pg_inherits")).toBe("new_events");
  expect(await one(client, "SELECT count(*)::int FROM old_events")).toBe(10);
});

test("a partition that is half detached when the deadline passes is attached again by the undoing", async () => {
  const scratch = await cluster.database();
  const client = await scratch.session();
  await client.query(partitioned);
  const reader = await startReading(scratch, "events");
  const migrated = go(scratch, 1, [detach], { deadlineMs: 1_500 }).then(
    () => undefined,
    (error: Error) => error,
  );
  await until("an attempt has left it pending", () =>
    one<boolean>(client, "SELECT EXISTS (SELECT FROM pg_inherits WHERE inhdetachpending)"),
  );
  // As long as somebody reads it can be neither detached nor attached.
  expect(await migrated).toMatchObject({
    code: "version-half-done",
    message: expect.stringMatching(/ failed: .*did not get its lock within .* Version 1 is half done/),
    changed: "kept",
    blockers: [expect.objectContaining({ application: "report" })],
  });
  await reader.query("COMMIT");
  await go(scratch, 0, [detach]);
  expect(await one(client, "SELECT count(*)::int FROM events")).toBe(20);
  expect(await one(client, "SELECT count(*)::int FROM pg_inherits WHERE NOT inhdetachpending")).toBe(2);
  expect(await schemaState(client)).toEqual({ version: 0 });
});

test("an index that was being rebuilt leaves no other beside it", async () => {
  const scratch = await cluster.database();
  const client = await scratch.session();
  await client.query('CREATE TABLE "Notes" (id int, body text); CREATE INDEX "Notes_id" ON "Notes" (id)');
  const reader = await startReading(scratch, '"Notes"');
  const events: ProgressEvent[] = [];
  const migrated = go(scratch, 1, [{ up: 'REINDEX INDEX CONCURRENTLY "Notes_id";\n' }], {}, events);
  await until("it gave up twice", () => events.filter(({ kind }) => kind === "retrying").length >= 2);
  await reader.query("COMMIT");
  await migrated;
  expect(await indexes(client, '"Notes"')).toBe('"Notes_id"');
});

test("what is left of an index that cannot be built goes, and the version with it", async () => {
  const scratch = await cluster.database();
  const client = await scratch.session();
  await client.query("CREATE TABLE notes (id int); INSERT INTO notes VALUES (1), (1)");
  await expect(
    go(scratch, 1, [{ up: "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS notes_id ON notes (id);\n" }]),
  ).rejects.toMatchObject({
    code: "migration-failed",
    changed: "undone",
    message: expect.stringContaining('could not create unique index "notes_id"'),
  });
  expect(await indexes(client, "notes")).toBeNull();
});

test.each([
  [
    "of another table",
    "CREATE INDEX notes_id ON others (id)",
    /it is an index of public.others: a unique index of public.notes was asked for/,
  ],
  ["that is not unique", "CREATE INDEX notes_id ON notes (id)", /it is an index of public.notes: a unique index/],
  ["that is a table", "CREATE TABLE notes_id (id int)", /it is no index/],
])("an index %s is neither dropped nor taken for the one asked for", async (_, made, message) => {
  const scratch = await cluster.database();
  const client = await scratch.session();
  await client.query(`CREATE TABLE notes (id int); CREATE TABLE others (id int); ${made}`);
  await expect(
    go(scratch, 1, [{ up: "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS notes_id ON notes (id);\n" }]),
  ).rejects.toThrow(message);
  expect(await one(client, "SELECT to_regclass('notes_id') IS NOT NULL")).toBe(true);
});

test("a procedure commits as it goes, under the lock budget, and is called again after it gave way", async () => {
  const scratch = await cluster.database();
  const client = await scratch.session();
  await client.query(
    "CREATE TABLE notes (id int PRIMARY KEY, body text); INSERT INTO notes SELECT n FROM generate_series(1, 4) AS n",
  );
  const reader = await scratch.session({ name: "report" });
  await reader.query("BEGIN; SELECT FROM notes WHERE id = 3 FOR UPDATE");
  const events: ProgressEvent[] = [];
  const migrated = go(
    scratch,
    1,
    [
      {
        up: `CREATE OR REPLACE PROCEDURE fill() LANGUAGE plpgsql AS $$ DECLARE one int; BEGIN
  FOR one IN SELECT id FROM notes WHERE body IS NULL ORDER BY id LOOP
    UPDATE notes SET body = current_setting('migrate.with') WHERE id = one;
    COMMIT;
  END LOOP;
END $$;
CALL fill();
DROP PROCEDURE fill();
`,
        down: "DROP PROCEDURE IF EXISTS fill();\n",
      },
    ],
    { settings: { with: "filled" } },
    events,
  );
  await until("it gave way", () => events.some(({ kind }) => kind === "retrying"));
  expect(await one(client, "SELECT count(body)::int FROM notes")).toBe(2);
  await reader.query("COMMIT");
  await migrated;
  expect(await one(client, "SELECT count(*)::int FROM notes WHERE body = 'filled'")).toBe(4);
});

test("an index that was dropped half way is dropped, and no statement leaves it invalid", async () => {
  const scratch = await cluster.database();
  const client = await scratch.session();
  await client.query("CREATE TABLE notes (id int); CREATE INDEX notes_id ON notes (id)");
  const reader = await startReading(scratch, "notes");
  const events: ProgressEvent[] = [];
  const migrated = go(scratch, 1, [{ up: "DROP INDEX CONCURRENTLY IF EXISTS notes_id;\n" }], {}, events);
  await until("it gave up twice", () => events.filter(({ kind }) => kind === "retrying").length >= 2);
  expect(await indexes(client, "notes")).toBe("notes_id invalid");
  await reader.query("COMMIT");
  await migrated;
  expect(await indexes(client, "notes")).toBeNull();
});
