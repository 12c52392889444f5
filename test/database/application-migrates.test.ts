import type { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type MigrationReport,
  migrateTo,
  recordTo,
  schemaFingerprint,
  schemaState,
} from "../../infra/database/migrations";
import { migrationOptions } from "../../infra/phases/schema/schema-plan";
import { backendEnvironment, launchBackend, newUser, type RunningBackend, startBackend } from "../app/backend";
import { builtRelease } from "../app/build";
import { type RunningRedis, startRedis } from "../app/redis";
import { contents, migrations, seedConnections } from "./library";
import { one, type Scratch, useCluster } from "./scratch";

// v1.2.0 that migrates itself: no lock, plain CREATE TRIGGER, a journal of its own, and one table that this program does not know.
const release = "v1.2.0-migrates-itself";
const cluster = useCluster();
let redis: RunningRedis;

beforeAll(async () => {
  await Promise.all([builtRelease("v1.1.0"), builtRelease(release)]);
  redis = await startRedis();
}, 600_000);

afterAll(() => redis?.stop());

/** As a stack's config has it. */
const applicationJournal = {
  "2": {
    up: [
      "CREATE TABLE IF NOT EXISTS schema_migrations (name varchar(255) PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())",
      "INSERT INTO schema_migrations (name) VALUES ('002_dynamic_providers') ON CONFLICT DO NOTHING",
    ],
    down: ["DELETE FROM schema_migrations WHERE name = '002_dynamic_providers'"],
    beforeDown: [] as string[],
  },
};
const removesUsage = [
  "DROP TABLE IF EXISTS provider_usage",
  "DELETE FROM schema_migrations WHERE name = '003_provider_usage'",
];

function go(
  scratch: Scratch,
  target: number,
  beforeDown: string[] = [],
  work: typeof migrateTo = migrateTo,
): Promise<MigrationReport> {
  const options = migrationOptions({
    lockTimeoutMs: 200,
    statementTimeoutMs: 10_000,
    migrationDeadlineMs: 60_000,
    migrations: "both",
    providerBecomes: {},
    applicationJournal: { "2": { ...applicationJournal["2"], beforeDown } },
  });
  return work({ connect: scratch.connect, target, migrations, options });
}

/** Runs a release on the database until `work` has seen it healthy. */
async function serving<T>(scratch: Scratch, tag: string, work: (backend: RunningBackend) => Promise<T>): Promise<T> {
  const { user, password, host, port, database } = scratch.connection;
  const backend = await startBackend(
    tag,
    backendEnvironment({
      databaseUrl: `postgresql://${user}:${password}@${host}:${port}/${database}`,
      redisUrl: redis.url,
    }),
  );
  try {
    return await work(backend);
  } finally {
    await backend.stop();
  }
}

const usable = async (backend: RunningBackend): Promise<void> => {
  const token = await newUser(backend, `user-${Date.now()}`);
  expect((await backend.request("GET", "/api/connections", { token })).status).toBe(200);
};
const ranItself = (client: Client): Promise<string | null> =>
  one<string | null>(client, "SELECT string_agg(name, ' ' ORDER BY name) FROM schema_migrations");

describe("this program first, then the application starts", () => {
  test("it finds its migration done and goes on with its own; back, it is refused by name until config removes that; and there again", async () => {
    const scratch = await cluster.database();
    const client = await scratch.session();
    await go(scratch, 1);
    const schemaOne = await schemaFingerprint(client);
    await seedConnections(client, 200);
    await serving(scratch, "v1.1.0", usable);
    await go(scratch, 2);
    await serving(scratch, release, async (backend) => {
      await usable(backend);
      expect(backend.output()).toContain("003_provider_usage");
      expect(backend.output()).not.toContain('"002_dynamic_providers"');
    });
    expect(await ranItself(client)).toBe("002_dynamic_providers 003_provider_usage");
    await client.query("INSERT INTO provider_usage (provider_id) SELECT id FROM providers");
    const two = { schema: await schemaFingerprint(client), rows: await contents(client) };

    await expect(go(scratch, 1)).rejects.toMatchObject({
      code: "made-since",
      changed: "nothing",
      message: expect.stringContaining("+ table public.provider_usage"),
      remedy: expect.stringContaining(`'database.applicationJournal["2"].beforeDown[0]'`),
    });
    // Half of what is needed is as good as nothing: the statements are kept together or not at all.
    await expect(go(scratch, 1, ["DELETE FROM schema_migrations WHERE name = '003_provider_usage'"])).rejects.toThrow(
      /table public\.provider_usage/,
    );
    expect({ schema: await schemaFingerprint(client), rows: await contents(client) }).toEqual(two);
    expect(await ranItself(client)).toBe("002_dynamic_providers 003_provider_usage");
    expect(await schemaState(client)).toEqual({ version: 2 });

    // The version's own check refuses: what config removes before it is not removed either.
    await client.query(
      "INSERT INTO providers (identifier, name, auth_method) VALUES ('mistral', 'Mistral', 'api_key')",
    );
    await client.query(
      "UPDATE connections SET provider = 'mistral' WHERE id = (SELECT id FROM connections ORDER BY id LIMIT 1)",
    );
    const refused = { schema: await schemaFingerprint(client), rows: await contents(client) };
    await expect(go(scratch, 1, removesUsage)).rejects.toMatchObject({
      changed: "nothing",
      message: expect.stringContaining("a provider that schema 1 forbids"),
    });
    expect({ schema: await schemaFingerprint(client), rows: await contents(client) }).toEqual(refused);
    expect(await ranItself(client)).toBe("002_dynamic_providers 003_provider_usage");
    await client.query("UPDATE connections SET provider = 'openai' WHERE provider = 'mistral'");
    await client.query("DELETE FROM providers WHERE identifier = 'mistral'");

    const down = await go(scratch, 1, removesUsage);
    expect(down.applied[0]?.leftOver).toEqual(["+ table public.schema_migrations"]);
    expect((await schemaFingerprint(client)).lines.filter((line) => !line.includes("schema_migrations"))).toEqual(
      schemaOne.lines,
    );
    expect(await ranItself(client)).toBeNull();
    await serving(scratch, "v1.1.0", usable);

    await go(scratch, 2);
    await serving(scratch, release, usable);
    expect(await schemaFingerprint(client)).toEqual(two.schema);
  });

  test("without a word in its journal the application would not start: the setting is what lets the two live together", async () => {
    const scratch = await cluster.database();
    await migrateTo({ connect: scratch.connect, target: 2, migrations });
    const { user, password, host, port, database } = scratch.connection;
    const backend = await launchBackend(
      release,
      backendEnvironment({
        databaseUrl: `postgresql://${user}:${password}@${host}:${port}/${database}`,
        redisUrl: redis.url,
      }),
    );
    try {
      expect(await backend.ended).toBe(1);
      expect(backend.output()).toMatch(/trigger .*update_providers_updated_at.* already exists/);
    } finally {
      await backend.stop("SIGKILL");
    }
  });
});

describe("the application first, then this program", () => {
  test("what it made is adopted; back, what hangs on it is named and removed by config; both releases run", async () => {
    const scratch = await cluster.database();
    const client = await scratch.session();
    await go(scratch, 1);
    await seedConnections(client, 200);
    await serving(scratch, release, usable);
    expect(await ranItself(client)).toBe("002_dynamic_providers 003_provider_usage");
    const theirs = { schema: await schemaFingerprint(client), rows: await contents(client) };

    const up = await go(scratch, 2);
    expect(up).toMatchObject({ from: 1, to: 2 });
    expect(await contents(client)).toEqual(theirs.rows);
    expect((await schemaFingerprint(client)).lines).toEqual(expect.arrayContaining(theirs.schema.lines));
    await serving(scratch, release, usable);
    const adopted = { schema: await schemaFingerprint(client), rows: await contents(client) };

    await expect(go(scratch, 1)).rejects.toThrow(
      /in the way of going back: foreign key provider_usage_provider_id_fkey of provider_usage.*Nothing was changed/,
    );
    expect({ schema: await schemaFingerprint(client), rows: await contents(client) }).toEqual(adopted);
    const down = await go(scratch, 1, removesUsage);
    expect(down.applied[0]?.leftOver).toEqual([
      "+ function public.update_updated_at_column()",
      "+ table public.schema_migrations",
    ]);
    await serving(scratch, "v1.1.0", usable);
    await go(scratch, 2);
    await serving(scratch, release, usable);
    expect(await schemaFingerprint(client)).toEqual(adopted.schema);
  });

  test("the application alone: what it made is verified and recorded, and nothing runs", async () => {
    const scratch = await cluster.database();
    const client = await scratch.session();
    await go(scratch, 1);
    await expect(go(scratch, 2, [], recordTo)).rejects.toThrow(
      /does not hold 0002_dynamic_providers: .*missing columns.*Nothing was changed/,
    );
    await serving(scratch, release, usable);
    const before = await schemaFingerprint(client);
    const recorded = await recordTo({ connect: scratch.connect, target: 2, migrations });
    expect(recorded.applied.map(({ name, isRecorded }) => ({ name, isRecorded }))).toEqual([
      { name: "0002_dynamic_providers", isRecorded: true },
    ]);
    expect(await schemaFingerprint(client)).toEqual(before);
    expect(await schemaState(client)).toEqual({ version: 2 });
    expect((await recordTo({ connect: scratch.connect, target: 2, migrations })).applied).toEqual([]);
  });
});
