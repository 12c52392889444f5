import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  backfill,
  type Migration,
  type MigrationOptions,
  migrateTo,
  migrationsDirectory,
  readMigrations,
  schemaFingerprint,
  schemaState,
} from "../../infra/database/migrations";
import { extendChain } from "../../infra/database/migrations/chain";
import { contents, goTo, migrations, seedConnections, seedProviders } from "./library";
import { one, useCluster } from "./scratch";
import { type VersionFiles, versionsOf } from "./versions";

const cluster = useCluster();

/** A copy of sql/ with one file changed before it joins a chain of its own. */
async function changed(file: string, change: (text: string) => string): Promise<Migration[]> {
  const root = await mkdtemp(join(tmpdir(), "prompt-library-migrations-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  await cp(dirname(migrationsDirectory), root, { recursive: true });
  await rm(join(root, "migrations/chain.json"));
  await writeFile(join(root, file), change(await readFile(join(root, file), "utf8")));
  extendChain(join(root, "migrations"));
  return readMigrations(join(root, "migrations"));
}

const raise = (statements: string[]): string[] => [
  ...statements,
  "DO $$ BEGIN RAISE EXCEPTION 'this schema is not what we wanted'; END $$",
];

test("a version whose verify script raises is undone and its journal says failed", async () => {
  const scratch = await cluster.database();
  const client = await scratch.session();
  await goTo(scratch, 1);
  const before = await schemaFingerprint(client);
  const broken = await changed("verify/0002_dynamic_providers.sql", (text) => `${text}\n-- another one\n`);
  const raising = broken.map((migration) =>
    migration.version === 2
      ? { ...migration, verify: { ...migration.verify, up: raise(migration.verify.up) } }
      : migration,
  );
  await expect(migrateTo({ connect: scratch.connect, target: 2, migrations: raising })).rejects.toMatchObject({
    code: "migration-verification-failed",
    changed: "undone",
    message: expect.stringContaining("verification: this schema is not what we wanted"),
  });
  expect(await schemaFingerprint(client)).toEqual(before);
  expect(await schemaState(client)).toEqual({ version: 1 });
  const { rows } = await client.query(
    "SELECT status, details ->> 'direction' AS direction FROM migration_audit WHERE migration_name LIKE '0002%' ORDER BY executed_at",
  );
  expect(rows).toEqual([
    { status: "failed", direction: "up" },
    { status: "reverted", direction: "down" },
  ]);
  await goTo(scratch, 2);
});

test("a way back whose verify script raises is undone: version 2 with all it had", async () => {
  const scratch = await cluster.database();
  const client = await scratch.session();
  await goTo(scratch, 1);
  await seedConnections(client, 300);
  await goTo(scratch, 2);
  await seedProviders(client);
  await backfill({ connect: scratch.connect });
  const before = { schema: await schemaFingerprint(client), rows: await contents(client) };
  const raising = migrations.map((migration) =>
    migration.version === 2
      ? { ...migration, verify: { ...migration.verify, down: raise(migration.verify.down) } }
      : migration,
  );
  await expect(migrateTo({ connect: scratch.connect, target: 1, migrations: raising })).rejects.toMatchObject({
    code: "migration-verification-failed",
    changed: "undone",
  });
  expect({ schema: await schemaFingerprint(client), rows: await contents(client) }).toEqual(before);
  expect(await schemaState(client)).toEqual({ version: 2 });
});

test("connections that schema 1 forbids are named and the way back refused, unless it is said what they become", async () => {
  const scratch = await cluster.database();
  const client = await scratch.session();
  await goTo(scratch, 1);
  await seedConnections(client, 20);
  await goTo(scratch, 2);
  await seedProviders(client);
  await client.query("INSERT INTO providers (identifier, name, auth_method) VALUES ('mistral', 'Mistral', 'api_key')");
  await client.query(
    "UPDATE connections SET provider = 'mistral', provider_id = (SELECT id FROM providers WHERE identifier = 'mistral') WHERE name IN ('connection 3', 'connection 4')",
  );
  await backfill({ connect: scratch.connect });
  const before = { schema: await schemaFingerprint(client), rows: await contents(client) };
  const ids = (
    await client.query<{ id: string }>("SELECT id FROM connections WHERE provider = 'mistral' ORDER BY id")
  ).rows.map(({ id }) => id);

  await expect(goTo(scratch, 1)).rejects.toMatchObject({
    code: "migration-failed",
    changed: "nothing",
    message: expect.stringContaining(ids.map((id) => `${id} (mistral)`).join(", ")),
    // The script's own word.
    remedy: expect.stringContaining("database.providerBecomes"),
  });
  expect({ schema: await schemaFingerprint(client), rows: await contents(client) }).toEqual(before);
  expect(await schemaState(client)).toEqual({ version: 2 });
  await expect(goTo(scratch, 1, { settings: { provider_becomes: '{"mistral": "llama"}' } })).rejects.toThrow(/llama/);

  await goTo(scratch, 1, { settings: { provider_becomes: '{"mistral": "openai"}' } });
  expect((await client.query("SELECT provider FROM connections WHERE id = ANY ($1)", [ids])).rows).toEqual([
    { provider: "openai" },
    { provider: "openai" },
  ]);
  await goTo(scratch, 2);
  expect({ schema: await schemaFingerprint(client), rows: await contents(client) }).toEqual(before);
});

test("what hangs on the tables that leave is named and the way back refused before anything has changed", async () => {
  const scratch = await cluster.database();
  const client = await scratch.session();
  await goTo(scratch, 2);
  await client.query("CREATE TABLE provider_usage (provider_id uuid REFERENCES providers (id))");
  await client.query("CREATE VIEW connection_overview AS SELECT c.id, c.provider_id FROM connections c");
  const before = await schemaFingerprint(client);
  await expect(goTo(scratch, 1)).rejects.toMatchObject({
    code: "migration-failed",
    changed: "nothing",
    message: expect.stringContaining(
      "foreign key provider_usage_provider_id_fkey of provider_usage, view connection_overview",
    ),
    remedy: expect.stringMatching(/remove them.*beforeDown/),
  });
  expect(await schemaFingerprint(client)).toEqual(before);
  await client.query("DROP VIEW connection_overview");
  await client.query("ALTER TABLE provider_usage DROP CONSTRAINT provider_usage_provider_id_fkey");
  const report = await goTo(scratch, 1);
  expect(report.applied[0]?.leftOver).toEqual(["+ table public.provider_usage"]);
});

test("a database that has the baseline already: recorded, not run", async () => {
  const scratch = await cluster.database();
  const client = await scratch.session();
  await goTo(scratch, 1);
  await client.query("DROP TABLE migration_audit");
  await client.query("DROP INDEX idx_sessions_token_hash");
  await seedConnections(client, 3);
  const before = { schema: await schemaFingerprint(client), rows: await contents(client) };
  const report = await goTo(scratch, 1);
  expect(report.applied.map(({ name, isRecorded }) => ({ name, isRecorded }))).toEqual([
    { name: "0001_baseline", isRecorded: true },
  ]);
  expect({ schema: await schemaFingerprint(client), rows: await contents(client) }).toEqual(before);
  expect(await one(client, "SELECT details ->> 'recorded' FROM migration_audit")).toBe("true");
});

test("a database that holds something else under the baseline's names is refused", async () => {
  const scratch = await cluster.database();
  const client = await scratch.session();
  await client.query("CREATE TABLE users (id int)");
  await expect(goTo(scratch, 2)).rejects.toThrow(
    /already holds public.users, and they are not 0001_baseline: .*missing.*connections\.id \(uuid\).*Nothing was changed/,
  );
  expect(await schemaState(client)).toEqual({ version: 0 });
});

test("going below version 1 is refused while there are rows, and empties the database when there are none", async () => {
  const scratch = await cluster.database();
  const client = await scratch.session();
  const empty = await schemaFingerprint(client);
  await goTo(scratch, 1);
  await seedConnections(client, 1);
  await expect(goTo(scratch, 0)).rejects.toThrow(/holds rows.*Nothing was changed/);
  await client.query("DELETE FROM users");
  await goTo(scratch, 0);
  expect(await schemaFingerprint(client)).toEqual(empty);
});

test("an application that made version 2 itself is adopted; its tables are not taken away when the version fails", async () => {
  const scratch = await cluster.database();
  const client = await scratch.session();
  await goTo(scratch, 1);
  await client.query(
    "CREATE TABLE providers (id uuid PRIMARY KEY, identifier varchar(50) UNIQUE, status varchar(20), is_system boolean, created_by uuid, created_at timestamptz)",
  );
  await client.query("INSERT INTO providers (id, identifier) VALUES (gen_random_uuid(), 'openai')");
  await expect(goTo(scratch, 2)).rejects.toMatchObject({
    code: "migration-verification-failed",
    changed: "kept",
    message: expect.stringMatching(/providers\.auth_method.*made by somebody else/),
  });
  expect(await one(client, "SELECT count(*)::int FROM public.providers")).toBe(1);
  await client.query(
    `ALTER TABLE providers ADD name varchar(255), ADD description text, ADD api_endpoint varchar(500), ADD auth_method varchar(20), ADD auth_config jsonb,
       ADD capabilities jsonb, ADD updated_at timestamptz, ADD last_tested timestamptz, ADD test_result jsonb`,
  );
  await goTo(scratch, 2);
  await goTo(scratch, 1);
  await goTo(scratch, 2);
  expect(await one(client, "SELECT count(*)::int FROM public.providers")).toBe(1);
});

test("what the application's own journal must know is recorded with ours, and taken from it on the way back", async () => {
  const scratch = await cluster.database();
  const client = await scratch.session();
  await client.query("CREATE TABLE app_migrations (name text PRIMARY KEY)");
  const alsoRecord = {
    2: {
      up: ["INSERT INTO app_migrations VALUES ('002_providers') ON CONFLICT DO NOTHING"],
      down: ["DELETE FROM app_migrations WHERE name = '002_providers'"],
    },
  };
  await goTo(scratch, 2, { alsoRecord });
  expect(await one(client, "SELECT string_agg(name, ',') FROM app_migrations")).toBe("002_providers");
  await goTo(scratch, 1, { alsoRecord });
  expect(await one(client, "SELECT string_agg(name, ',') FROM app_migrations")).toBeNull();
});

test("a database that ran other contents under the same name is refused", async () => {
  const scratch = await cluster.database();
  const other = await changed("migrations/0002_dynamic_providers.up.sql", (text) => `${text}\n-- changed later\n`);
  await goTo(scratch, 2);
  await expect(migrateTo({ connect: scratch.connect, target: 1, migrations: other })).rejects.toThrow(
    /ran 0002_dynamic_providers with other contents.*Nothing was changed/,
  );
});

test("a target that no version has is refused", async () => {
  const scratch = await cluster.database();
  await expect(goTo(scratch, 3)).rejects.toThrow(
    "There is no schema version 3: this checkout has 1 to 2. Nothing was changed.",
  );
});

describe("what a run did before it failed is named, and it says no more that nothing was changed", () => {
  const raises = "DO $$ BEGIN RAISE EXCEPTION 'not today'; END $$;\n";
  const first = { up: "CREATE TABLE a (id int);\n", down: "DROP TABLE a;\n" };
  const third = { up: "CREATE TABLE c (id int);\n", down: "DROP TABLE c;\n" };
  const refusing = {
    up: "CREATE TABLE b (id int);\n",
    down: `-- migrate:check\n-- migrate:when true\n${raises}DROP TABLE b;\n`,
  };
  const failing = { up: "CREATE TABLE b (id int);\n", down: "DROP TABLE b;\n", verifyDown: raises };
  const shared = { isShared: true, beforeDown: { 2: ["DROP TABLE made_since"] } };

  async function at(target: number, ...versions: VersionFiles[]) {
    const scratch = await cluster.database();
    const migrations = await versionsOf(...versions);
    await migrateTo({ connect: scratch.connect, target, migrations });
    const client = await scratch.session();
    return {
      client,
      go: (to: number, options: Partial<MigrationOptions> = {}) =>
        migrateTo({ connect: scratch.connect, target: to, migrations, options }),
    };
  }

  test("a version before it went down", async () => {
    const { client, go } = await at(3, first, refusing, third);
    await expect(go(1)).rejects.toMatchObject({
      changed: "kept",
      message: expect.stringMatching(
        /not today.* Nothing else was changed; what this run did before stays: 0003_v went down\.$/,
      ),
    });
    expect(await schemaState(client)).toEqual({ version: 2 });
    await expect(go(1)).rejects.toMatchObject({
      changed: "nothing",
      message: expect.stringMatching(/not today.* Nothing was changed\.$/),
    });
  });

  test("a version before it went down, and this one is undone", async () => {
    const { client, go } = await at(3, first, failing, third);
    await expect(go(1)).rejects.toMatchObject({
      changed: "kept",
      message: expect.stringMatching(
        /It was undone: the schema is at version 2.*; what this run did before stays: 0003_v/,
      ),
    });
    expect(await schemaState(client)).toEqual({ version: 2 });
  });

  test("what the application made since is refused behind it", async () => {
    const { client, go } = await at(2, first, failing, third);
    await client.query("CREATE TABLE made_since ()");
    await go(3);
    await expect(go(1, { isShared: true })).rejects.toMatchObject({
      code: "made-since",
      changed: "kept",
      message: expect.stringContaining("what this run did before stays: 0003_v went down."),
    });
  });

  test.each([
    [
      "refused by a check",
      refusing,
      /Nothing else was changed; what this run did before stays: what was made since 0002_v went up is removed\.$/,
    ],
    [
      "undone",
      failing,
      /It was undone: the schema is at version 2.*; what this run did before stays: what was made since/,
    ],
  ])("what was made since is removed, and the version is %s", async (_, second, message) => {
    const { client, go } = await at(2, first, second);
    await client.query("CREATE TABLE made_since ()");
    await expect(go(1, shared)).rejects.toMatchObject({ changed: "kept", message: expect.stringMatching(message) });
    expect(await schemaState(client)).toEqual({ version: 2 });
    expect(await one(client, "SELECT to_regclass('made_since')")).toBeNull();
  });
});
