import { expect, test } from "vitest";
import { backfill, schemaFingerprint, schemaState } from "../../infra/database/migrations";
import { contents, goTo, migrations, seedConnections, seedProviders } from "./library";
import { startMigration } from "./migrate-child";
import { one, type Scratch, until, useCluster } from "./scratch";

const cluster = useCluster();
const version = migrations.find((migration) => migration.version === 2);
if (!version) throw new Error("version 2 is gone");

/** A database at version 1 that has been up and down before, so that there is something to take back and something to keep. */
async function prepared(): Promise<{
  scratch: Scratch;
  one: Awaited<ReturnType<typeof stateOf>>;
  two: Awaited<ReturnType<typeof stateOf>>;
}> {
  const scratch = await cluster.database();
  const client = await scratch.session();
  await goTo(scratch, 1);
  await seedConnections(client, 600);
  await goTo(scratch, 2);
  await seedProviders(client);
  await backfill({ connect: scratch.connect });
  const two = await stateOf(scratch);
  await goTo(scratch, 1);
  return { scratch, one: await stateOf(scratch), two };
}

async function stateOf(scratch: Scratch): Promise<{ schema: string[]; rows: Record<string, string[]> }> {
  const client = await scratch.connect();
  try {
    return { schema: (await schemaFingerprint(client)).lines, rows: await contents(client) };
  } finally {
    await client.end();
  }
}

for (const direction of ["up", "down"] as const) {
  const target = direction === "up" ? 2 : 1;
  const count = version[direction].units.length;

  test(`killed before and after each of the ${count} statements on the way ${direction}, a plain re-run ends right`, {
    timeout: 600_000,
  }, async () => {
    const { scratch, ...states } = await prepared();
    const options = { batchSize: 200 };
    const start = direction === "up" ? 1 : 2;
    // Both sides of a boundary are the same for the database except at the ends: between two statements one kill stands for both.
    const kills = [
      ...Array.from({ length: count }, (_, place) => ({ kind: "unit-started" as const, count: place + 1 })),
      { kind: "unit-finished" as const, count },
    ];
    await goTo(scratch, start);
    for (const killAt of kills) {
      const { ended } = startMigration({
        connection: scratch.connection,
        work: { kind: "migrate", target },
        options,
        killAt,
      });
      const end = await ended;
      expect(end.signal, end.said).toBe("SIGKILL");
      const client = await scratch.session();
      const half = await schemaState(client);
      expect(half.pending?.version, JSON.stringify(killAt)).toBe(2);
      const report = await goTo(scratch, target, options);
      expect(report.applied.map(({ direction: way }) => way)).toEqual([direction]);
      expect(await stateOf(scratch), JSON.stringify(killAt)).toEqual(target === 2 ? states.two : states.one);
      expect(await schemaState(client)).toEqual({ version: target });
      await goTo(scratch, start, options);
      await client.end();
    }
  });

  test(`killed on the way ${direction}, the other direction takes it back`, { timeout: 300_000 }, async () => {
    const { scratch, ...states } = await prepared();
    const options = { batchSize: 200 };
    const start = direction === "up" ? 1 : 2;
    await goTo(scratch, start);
    for (let place = 3; place <= count; place += 4) {
      const { ended } = startMigration({
        connection: scratch.connection,
        work: { kind: "migrate", target },
        options,
        killAt: { kind: "unit-started", count: place },
      });
      expect((await ended).signal).toBe("SIGKILL");
      await goTo(scratch, start, options);
      expect(await stateOf(scratch), `before statement ${place}`).toEqual(start === 2 ? states.two : states.one);
    }
  });
}

test("killed in the middle of a batch on the way up and down, a plain re-run ends right", {
  timeout: 120_000,
}, async () => {
  const { scratch, ...states } = await prepared();
  for (const target of [2, 1]) {
    const killAt = { kind: "batch" as const, count: 3 };
    const { ended } = startMigration({
      connection: scratch.connection,
      work: { kind: "migrate", target },
      options: { batchSize: 50 },
      killAt,
    });
    expect((await ended).signal).toBe("SIGKILL");
    await goTo(scratch, target);
    expect(await stateOf(scratch)).toEqual(target === 2 ? states.two : states.one);
  }
});

test("killed while a batch waits for a row that somebody holds, a plain re-run ends right", {
  timeout: 120_000,
}, async () => {
  const { scratch, ...states } = await prepared();
  const holder = await scratch.session({ name: "somebody" });
  await holder.query("BEGIN");
  await holder.query(
    "SELECT FROM connections WHERE id = (SELECT id FROM connections ORDER BY id OFFSET 150 LIMIT 1) FOR UPDATE",
  );
  const { child, ended } = startMigration({
    connection: scratch.connection,
    work: { kind: "migrate", target: 2 },
    options: { batchSize: 50, lockTimeoutMs: 60_000 },
  });
  const seen = await scratch.session();
  await until("the batch waits for the row", () => one<boolean>(seen, waits));
  child.kill("SIGKILL");
  expect((await ended).signal).toBe("SIGKILL");
  await holder.query("ROLLBACK");
  await goTo(scratch, 2);
  expect(await stateOf(scratch)).toEqual(states.two);
});

test("killed in the middle of an index built concurrently: the invalid one is dropped and built again", {
  timeout: 120_000,
}, async () => {
  const { scratch, ...states } = await prepared();
  const reader = await scratch.session({ name: "report" });
  await reader.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
  await reader.query("SELECT count(*) FROM users");
  const { child, ended } = startMigration({
    connection: scratch.connection,
    work: { kind: "migrate", target: 2 },
    options: {},
  });
  const seen = await scratch.session();
  const invalid =
    "SELECT EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('public.idx_connections_provider_id') AND NOT indisvalid)";
  await until("the build waits for the reader's snapshot", () =>
    one<boolean>(seen, `SELECT (${invalid}) AND (${waits})`),
  );
  child.kill("SIGKILL");
  expect((await ended).signal).toBe("SIGKILL");
  await until("the server notices that the program is gone", () =>
    one<boolean>(seen, "SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'prompt-library-migration'"),
  );
  expect(await one(seen, invalid)).toBe(true);
  await reader.query("COMMIT");
  await goTo(scratch, 2);
  expect(await one(seen, invalid)).toBe(false);
  expect(await stateOf(scratch)).toEqual(states.two);
});

test("killed in the middle of an index dropped concurrently on the way down, a plain re-run ends right", {
  timeout: 120_000,
}, async () => {
  const { scratch, ...states } = await prepared();
  await goTo(scratch, 2);
  const seen = await scratch.session();
  // Brought to where the drop is next: what comes before it would wait for the reader as well.
  const drop = version.down.units.find(({ summary }) => summary.startsWith("DROP INDEX CONCURRENTLY"))?.number ?? 0;
  const before = startMigration({
    connection: scratch.connection,
    work: { kind: "migrate", target: 1 },
    options: {},
    killAt: { kind: "unit-started", count: drop },
  });
  expect((await before.ended).signal).toBe("SIGKILL");
  const reader = await scratch.session({ name: "report" });
  await reader.query("BEGIN");
  await reader.query("SELECT count(*) FROM connections");
  const index =
    "SELECT NOT indisvalid FROM pg_index WHERE indexrelid = to_regclass('public.idx_connections_provider_id')";
  const { child, ended } = startMigration({
    connection: scratch.connection,
    work: { kind: "migrate", target: 1 },
    options: {},
  });
  await until("the drop waits for the reader", () =>
    one<boolean | undefined>(seen, `SELECT (${index}) AND (${waits})`),
  );
  child.kill("SIGKILL");
  expect((await ended).signal).toBe("SIGKILL");
  await until("the server notices that the program is gone", () =>
    one<boolean>(seen, "SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'prompt-library-migration'"),
  );
  expect(await one(seen, index)).toBe(true);
  await reader.query("COMMIT");
  await goTo(scratch, 1);
  expect(await stateOf(scratch)).toEqual(states.one);
});

test("a backfill killed between two batches goes on and fills every row once", { timeout: 120_000 }, async () => {
  const scratch = await cluster.database();
  const client = await scratch.session();
  await goTo(scratch, 1);
  await seedConnections(client, 1_000);
  await goTo(scratch, 2);
  await seedProviders(client);
  const killAt = { kind: "batch" as const, count: 4 };
  const { ended } = startMigration({
    connection: scratch.connection,
    work: { kind: "backfill" },
    options: { batchSize: 100 },
    killAt,
  });
  expect((await ended).signal).toBe("SIGKILL");
  const before = await one<number>(client, "SELECT count(provider_id)::int FROM connections");
  // A batch takes as many rows as a machine moves in a moment, at most a hundred here: how many the four took is not known.
  expect(before).toBeGreaterThan(0);
  expect(before).toBeLessThanOrEqual(400);
  const report = await backfill({ connect: scratch.connect });
  expect(report).toMatchObject({ status: "completed", filled: 1_000 - before, remaining: 0 });
  expect(
    await one(
      client,
      "SELECT count(*)::int FROM connections c JOIN providers p ON p.id = c.provider_id AND p.identifier = c.provider",
    ),
  ).toBe(1_000);
  expect(
    await one(
      client,
      "SELECT string_agg(status, ' ' ORDER BY executed_at) FROM migration_audit WHERE migration_name LIKE 'backfill%'",
    ),
  ).toBe("failed completed");
  expect((await backfill({ connect: scratch.connect })).status).toBe("not needed");
});

const waits =
  "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'prompt-library-migration' AND wait_event_type = 'Lock')";
