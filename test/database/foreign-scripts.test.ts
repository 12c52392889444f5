import { expect, test } from "vitest";
import { backfill, migrateTo, schemaState } from "../../infra/database/migrations";
import { goTo, seedConnections, seedProviders } from "./library";
import { one, type Scratch, until, useCluster } from "./scratch";
import { versionsOf } from "./versions";

const cluster = useCluster();

const go = async (scratch: Scratch, target: number, ...versions: Parameters<typeof versionsOf>) =>
  migrateTo({ connect: scratch.connect, target, migrations: await versionsOf(...versions) });

const failsLater = "DO $$ BEGIN RAISE EXCEPTION 'a later statement fails'; END $$;\n";

test.each([["notes"], ["Notes"], ['"Notes"'], ['public."a (b"'], ["public.notes"]])(
  "a table %s that somebody else made before is neither undone nor dropped",
  async (name) => {
    const scratch = await cluster.database();
    const client = await scratch.session();
    await client.query(
      `CREATE TABLE ${name} (id int PRIMARY KEY, body text); INSERT INTO ${name} VALUES (1, 'precious')`,
    );
    await expect(
      go(scratch, 1, {
        up: `CREATE TABLE IF NOT EXISTS ${name} (id int PRIMARY KEY);\nALTER TABLE ${name} ADD COLUMN IF NOT EXISTS extra int;\n${failsLater}`,
        down: `DROP TABLE IF EXISTS ${name};\n`,
      }),
    ).rejects.toMatchObject({ changed: "kept", message: expect.stringContaining("made by somebody else") });
    expect(await one(client, `SELECT body FROM ${name}`)).toBe("precious");
  },
);

test("a table that only a body makes and the way down drops is somebody else's as well", async () => {
  const scratch = await cluster.database();
  const client = await scratch.session();
  await client.query("CREATE TABLE notes (id int); INSERT INTO notes VALUES (7)");
  await expect(
    go(scratch, 1, {
      up: `DO $$ BEGIN EXECUTE 'CREATE TABLE IF NOT EXISTS notes (id int)'; END $$;\n${failsLater}`,
      down: "DROP TABLE IF EXISTS notes;\n",
    }),
  ).rejects.toMatchObject({ changed: "kept", message: expect.stringContaining("made by somebody else") });
  expect(await one(client, "SELECT id FROM notes")).toBe(7);
});

test.each([["accounts_email_key2"], ["Accounts_Email_Key2"], ['"Accounts_Email"']])(
  "an invalid index %s that an earlier attempt left is built again",
  async (name) => {
    const scratch = await cluster.database();
    const client = await scratch.session();
    await client.query("CREATE TABLE accounts (id int, email text); INSERT INTO accounts VALUES (1, 'a'), (2, 'a')");
    await expect(client.query(`CREATE UNIQUE INDEX CONCURRENTLY ${name} ON accounts (email)`)).rejects.toThrow(
      /unique/,
    );
    await client.query("UPDATE accounts SET email = id::text");
    await go(scratch, 1, {
      up: `CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS ${name} ON accounts (email);\n`,
      down: `DROP INDEX CONCURRENTLY IF EXISTS ${name};\n`,
    });
    expect(await one(client, `SELECT indisvalid FROM pg_index WHERE indexrelid = '${name}'::regclass`)).toBe(true);
  },
);

test("what a statement does to its session ends with it: settings, role, temporary tables, advisory locks", async () => {
  const scratch = await cluster.database();
  const client = await scratch.session();
  const superuser = await scratch.session({ isSuperuser: true });
  await superuser.query(
    "CREATE ROLE somebody; GRANT somebody TO prompt_library_owner; GRANT ALL ON SCHEMA public TO somebody",
  );
  await go(scratch, 1, {
    up: `CREATE TABLE public.seen (what text, value text);
DO $$ BEGIN
  EXECUTE 'SELECT set_config(''search_path'', ''pg_catalog'', false), set_config(''lock_timeout'', ''0'', false), set_config(''role'', ''somebody'', false)';
  CREATE TEMPORARY TABLE scratch (id int);
  PERFORM pg_advisory_lock(4711);
END $$;
INSERT INTO public.seen VALUES ('search_path', current_setting('search_path')), ('role', current_user),
  ('temporary', to_regclass('pg_temp.scratch')::text), ('advisory', (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711)::text);
CREATE TABLE notes (id int);
`,
    down: "DROP TABLE IF EXISTS notes;\nDROP TABLE IF EXISTS seen;\n",
  });
  const { rows } = await client.query<{ what: string; value: string | null }>(
    "SELECT what, value FROM seen ORDER BY what",
  );
  expect(Object.fromEntries(rows.map(({ what, value }) => [what, value]))).toEqual({
    advisory: "0",
    role: "prompt_library_owner",
    search_path: "public",
    temporary: null,
  });
  expect(await schemaState(client)).toEqual({ version: 1 });
});

test("a body that takes away its own lock budget is broken off all the same, and no writer waits behind it", async () => {
  const scratch = await cluster.database();
  const client = await scratch.session();
  await client.query("CREATE TABLE notes (id int)");
  const reader = await scratch.session({ name: "report" });
  await reader.query("BEGIN; SELECT count(*) FROM notes");
  const began = performance.now();
  const migrated = migrateTo({
    connect: scratch.connect,
    target: 1,
    migrations: await versionsOf({
      up: "DO $$ BEGIN EXECUTE 'SET LOCAL lock_timeout = 0'; ALTER TABLE notes ADD COLUMN more int; END $$;\n",
    }),
    options: { deadlineMs: 3_000 },
  }).then(
    () => "",
    (error: Error) => error.message,
  );
  const writer = await scratch.session({ name: "writer" });
  let longestMs = 0;
  let isOver = false;
  const writing = until("the migration ends", async () => {
    const started = performance.now();
    await writer.query("INSERT INTO notes VALUES (1)");
    longestMs = Math.max(longestMs, performance.now() - started);
    return isOver;
  });
  try {
    const message = await Promise.race([
      migrated,
      new Promise<string>((resolve) => setTimeout(resolve, 8_000, "still waiting")),
    ]);
    expect(message).toMatch(
      /did not get its lock within 3.0 s .*in the way was session \d+ \(report as prompt_library_owner\)/,
    );
    expect(performance.now() - began).toBeLessThan(6_000);
    expect(longestMs).toBeLessThan(1_000);
  } finally {
    isOver = true;
    await reader.query("COMMIT");
    await writing;
    await migrated;
  }
});

test("row level security hides no row: the backfill and the way down say so instead of passing over rows", async () => {
  const scratch = await cluster.database();
  const client = await scratch.session();
  const superuser = await scratch.session({ isSuperuser: true });
  await goTo(scratch, 2);
  await seedConnections(client, 40);
  await superuser.query(
    `ALTER TABLE connections ENABLE ROW LEVEL SECURITY; ALTER TABLE connections FORCE ROW LEVEL SECURITY;
     CREATE POLICY tenant ON connections USING (user_id::text = current_setting('app.user', true))`,
  );
  await seedProviders(client);
  await expect(backfill({ connect: scratch.connect })).rejects.toThrow(
    /row-level security policy for table "connections"/,
  );
  await superuser.query(
    `INSERT INTO providers (identifier, name, auth_method) VALUES ('mistral', 'Mistral', 'api_key');
     UPDATE connections SET provider = 'mistral' WHERE name IN ('connection 1', 'connection 2')`,
  );
  await expect(goTo(scratch, 1)).rejects.toThrow(
    /row-level security policy for table "connections".*Nothing was changed/,
  );
  await superuser.query("ALTER ROLE prompt_library_owner BYPASSRLS");
  try {
    expect(await backfill({ connect: scratch.connect })).toMatchObject({ status: "completed", filled: 40 });
  } finally {
    await superuser.query("ALTER ROLE prompt_library_owner NOBYPASSRLS");
  }
});
