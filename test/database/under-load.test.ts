import type { Client } from "pg";
import { expect, test } from "vitest";
import {
  backfill,
  describeProgress,
  migrateTo,
  schemaFingerprint,
  schemaVersion,
} from "../../infra/database/migrations";
import { goTo, seedConnections, seedProviders } from "./library";
import { type Scratch, until, useCluster } from "./scratch";
import { versionsOf } from "./versions";

const cluster = useCluster();
const slowVacuum = useCluster({ autovacuum_naptime: "1s" });

/** Writes as the older release does, until stopped, and remembers what the server acknowledged. */
async function startWriter(
  scratch: Scratch,
  name: string,
): Promise<{ acknowledged: Map<string, string>; stop(): Promise<void> }> {
  const client: Client = await scratch.session({ name });
  const acknowledged = new Map<string, string>();
  let isStopped = false;
  const work = async (): Promise<void> => {
    for (let n = 0; !isStopped; n += 1) {
      const { rows } = await client.query<{ id: string }>(
        "INSERT INTO connections (user_id, name, provider, encrypted_config) SELECT id, $1, 'openai', 'sealed' FROM users ORDER BY email LIMIT 1 RETURNING id",
        [`${name} ${n}`],
      );
      const id = rows[0]?.id ?? "";
      acknowledged.set(id, `${name} ${n}`);
      const [earlier] = [...acknowledged.keys()].slice(Math.floor(acknowledged.size / 2));
      if (earlier) {
        await client.query("UPDATE connections SET name = $2, provider = 'bedrock' WHERE id = $1", [
          earlier,
          `${name} ${n} again`,
        ]);
        acknowledged.set(earlier, `${name} ${n} again`);
      }
    }
  };
  const ended = work();
  ended.catch(() => undefined);
  return {
    acknowledged,
    async stop() {
      isStopped = true;
      await ended;
    },
  };
}

test("writers under load lose and double no row, up, backfilled, down and up again", { timeout: 180_000 }, async () => {
  const scratch = await cluster.database();
  const client = await scratch.session();
  await goTo(scratch, 1);
  await seedConnections(client, 2_000);
  const writers = await Promise.all([
    startWriter(scratch, "one"),
    startWriter(scratch, "two"),
    startWriter(scratch, "three"),
  ]);
  const written = (): number => writers.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0);
  const goOn = async (): Promise<void> => {
    const from = written();
    await until("the writers go on", () => written() > from + 50);
  };
  try {
    await goOn();
    await goTo(scratch, 2);
    await seedProviders(client);
    await goOn();
    const filled = await backfill({ connect: scratch.connect, batchSize: 200 });
    expect(filled.status).toBe("completed");
    expect(filled.filled).toBeGreaterThanOrEqual(2_000);
    await goOn();
    await goTo(scratch, 1);
    await goOn();
    await goTo(scratch, 2);
    await goOn();
  } finally {
    await Promise.all(writers.map((writer) => writer.stop()));
  }
  expect(await schemaVersion(client)).toBe(2);
  const { rows } = await client.query<{ id: string; name: string }>(
    "SELECT id, name FROM connections WHERE name NOT LIKE 'connection %'",
  );
  const found = new Map(rows.map(({ id, name }) => [id, name]));
  expect(found.size).toBe(rows.length);
  expect(found).toEqual(new Map(writers.flatMap(({ acknowledged }) => [...acknowledged])));
  expect((await schemaFingerprint(client)).lines.filter((line) => line.includes("INVALID"))).toEqual([]);

  await backfill({ connect: scratch.connect });
  const wrong = await client.query(
    "SELECT c.id, c.name, c.provider, p.identifier FROM connections c LEFT JOIN providers p ON p.id = c.provider_id WHERE p.id IS NULL",
  );
  expect(wrong.rows).toEqual([]);
});

test("a batch that holds its rows too long is broken off and tried with fewer; every row is filled once", async () => {
  const scratch = await cluster.database();
  const client = await scratch.session();
  await goTo(scratch, 1);
  await seedConnections(client, 200);
  await goTo(scratch, 2);
  await seedProviders(client);
  // 3 ms a row: a hundred of them, as it begins, would be held ten times as long as a batch may take.
  await client.query(
    "CREATE FUNCTION slow_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.003); RETURN NEW; END $$",
  );
  await client.query(
    "CREATE TRIGGER slow BEFORE UPDATE OF provider_id ON connections FOR EACH ROW EXECUTE FUNCTION slow_row()",
  );
  const changed: number[] = [0];
  const report = await backfill({
    connect: scratch.connect,
    progress: (event) => void (event.kind === "batch" && changed.push(event.changed)),
  });
  expect(report).toMatchObject({ status: "completed", filled: 200, remaining: 0 });
  const sizes = changed.slice(1).map((sum, place) => Math.max(0, sum - (changed[place] ?? 0)));
  expect(Math.max(...sizes)).toBeLessThanOrEqual(25);
  const { rows } = await client.query(
    "SELECT count(*)::int AS count FROM connections c JOIN providers p ON p.id = c.provider_id AND p.identifier = c.provider",
  );
  expect(rows).toEqual([{ count: 200 }]);
});

test.each([
  ["a partition's, recognised from the statement", 'ALTER TABLE "Events" ADD COLUMN more int;', 0],
  [
    "one that a body meets, recognised from the wait",
    "DO $$ BEGIN EXECUTE 'ALTER TABLE \"Events\" ADD COLUMN more int'; END $$;",
    1,
  ],
])("an autovacuum in the way is stepped behind: %s", { timeout: 120_000 }, async (_, up, mostWaits) => {
  const scratch = await slowVacuum.database();
  const client = await scratch.session();
  const watcher = await scratch.session({ isSuperuser: true });
  await client.query(
    `CREATE TABLE "Events" (at int, what text) PARTITION BY RANGE (at);
     CREATE TABLE "Events old" PARTITION OF "Events" FOR VALUES FROM (0) TO (10000) WITH (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1);
     INSERT INTO "Events" SELECT n, repeat('x', 200) FROM generate_series(0, 9999) AS n; UPDATE "Events" SET what = 'y'`,
  );
  await until(
    "an autovacuum works on the partition",
    async () => {
      const { rows } = await watcher.query(
        "SELECT FROM pg_stat_progress_vacuum WHERE relid = '\"Events old\"'::regclass",
      );
      return rows.length > 0;
    },
    60_000,
  );
  const gaveWay: string[] = [];
  await migrateTo({
    connect: scratch.connect,
    target: 1,
    migrations: await versionsOf({ up }),
    progress: (event) => void (event.kind === "retrying" && gaveWay.push(describeProgress(event) ?? "")),
  });
  expect(gaveWay.length).toBeLessThanOrEqual(mostWaits);
  for (const said of gaveWay) expect(said).toMatch(/\(autovacuum: VACUUM (ANALYZE )?public\.Events old\)/);
});

test("an autovacuum in the way is ended without holding up a writer for the lock budget again and again", {
  timeout: 120_000,
}, async () => {
  const scratch = await slowVacuum.database();
  const client = await scratch.session();
  const watcher = await scratch.session({ isSuperuser: true });
  await goTo(scratch, 1);
  await seedConnections(client, 5_000);
  // One that takes minutes, as on a large table: it sleeps after nearly every page.
  await client.query(
    "ALTER TABLE connections SET (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)",
  );
  await client.query("UPDATE connections SET status = 'active'");
  await until(
    "an autovacuum works on connections",
    async () => {
      const { rows } = await watcher.query("SELECT FROM pg_stat_progress_vacuum WHERE relid = 'connections'::regclass");
      return rows.length > 0;
    },
    60_000,
  );
  const gaveWay: string[] = [];
  const report = await goTo(scratch, 2, {}, (event) => void (event.kind === "retrying" && gaveWay.push(event.what)));
  // PostgreSQL may begin another one at any time, and a statement that meets it gives way once: no statement does twice.
  expect(gaveWay).toEqual([...new Set(gaveWay)]);
  const strong = report.applied
    .flatMap(({ units }) => units)
    .filter(({ locks }) => locks.some(({ table, mode }) => table === "connections" && mode === "AccessExclusiveLock"));
  expect(strong.length).toBeGreaterThan(0);
  for (const { longestLockMs } of strong) expect(longestLockMs).toBeLessThan(1_000);
});
