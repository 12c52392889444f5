import pg, { type Client } from "pg";
import { expect, test } from "vitest";
import { sessionLimits } from "../../infra/context/database-connection";
import {
  MigrationError,
  migrateTo,
  type ProgressEvent,
  schemaFingerprint,
  schemaVersion,
} from "../../infra/database/migrations";
import { goTo, migrations, seedConnections } from "./library";
import { one, until, useCluster } from "./scratch";

const cluster = useCluster({ max_prepared_transactions: "2" });
const patient = { lockTimeoutMs: 50, deadlineMs: 60_000 };
const impatient = { lockTimeoutMs: 50, deadlineMs: 1_500 };

/** A report that reads connections and doesn't end. */
async function startReading(client: Client): Promise<void> {
  await client.query("BEGIN");
  await client.query("SELECT count(*) FROM connections WHERE name = 'what-the-user-typed'");
}

test("a reader in the way: the statement gives way, says to whom, tries again, and gets through when the reader ends", async () => {
  const scratch = await cluster.database();
  await goTo(scratch, 1);
  const reader = await scratch.session({ name: "nightly-report" });
  const pid = await one<number>(reader, "SELECT pg_backend_pid()");
  await startReading(reader);
  const events: ProgressEvent[] = [];
  const migrated = goTo(scratch, 2, patient, (event) => events.push(event));
  await until("it gave way three times", () => events.filter(({ kind }) => kind === "retrying").length >= 3);
  const writer = await scratch.session();
  await seedConnections(writer, 5);
  await reader.query("COMMIT");
  const report = await migrated;

  expect(report.to).toBe(2);
  const gaveWay = events.filter((event) => event.kind === "retrying");
  for (const event of gaveWay) {
    expect(event.blockers.map((blocker) => ({ ...blocker, ageMs: (blocker.ageMs ?? -1) >= 0 }))).toEqual([
      {
        pid,
        kind: "client backend",
        user: "prompt_library_owner",
        application: "nightly-report",
        ageMs: true,
        state: "idle in transaction",
        table: "public.connections",
      },
    ]);
  }
  expect(JSON.stringify(events)).not.toContain("what-the-user-typed");
  const named = await one<string>(
    writer,
    "SELECT details::text FROM migration_audit WHERE migration_name = '0002_dynamic_providers'",
  );
  expect(named).toContain("nightly-report");
  expect(named).not.toContain("what-the-user-typed");
});

test("a prepared transaction in the way, which no session holds, is named by its name and owner", async () => {
  const scratch = await cluster.database();
  await goTo(scratch, 1);
  const other = await scratch.session();
  await other.query("BEGIN; SELECT count(*) FROM connections; PREPARE TRANSACTION 'left by the ledger'");
  try {
    await expect(goTo(scratch, 2, impatient)).rejects.toThrow(
      /in the way was the prepared transaction left by the ledger of prompt_library_owner for [\d.]+ s, which ROLLBACK PREPARED or COMMIT PREPARED ends/,
    );
  } finally {
    await other.query("ROLLBACK PREPARED 'left by the ledger'");
  }
});

for (const [direction, start, target] of [
  ["up", 1, 2],
  ["down", 2, 1],
] as const) {
  test(`the deadline passes on the way ${direction}: it says who was in the way, and the schema is as it was`, async () => {
    const scratch = await cluster.database();
    await goTo(scratch, start);
    const client = await scratch.session();
    const before = await schemaFingerprint(client);
    const reader = await scratch.session({ name: "nightly-report" });
    await startReading(reader);
    const failure = await goTo(scratch, target, impatient).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(MigrationError);
    const { code, changed, message, blockers } = failure as MigrationError;
    expect(message).toMatch(
      /did not get its lock within .* in the way was session \d+ \(nightly-report as prompt_library_owner\), idle in transaction/,
    );
    expect(blockers.map(({ application }) => application)).toEqual(["nightly-report"]);
    await reader.query("COMMIT");
    if (direction === "up") {
      expect([code, changed]).toEqual(["lock-not-granted", "undone"]);
      expect(message).toContain("the schema is at version 1");
      expect(await schemaFingerprint(client)).toEqual(before);
    } else {
      // Undoing needs the same lock: what is left is finished by the next run.
      expect([
        ["lock-not-granted", "undone"],
        ["version-half-done", "kept"],
      ]).toContainEqual([code, changed]);
    }
    await goTo(scratch, target);
    expect(await schemaVersion(client)).toBe(target);
    await goTo(scratch, start);
    expect(await schemaFingerprint(client)).toEqual(before);
  });
}

test("two at once: one waits, saying for whom, and then finds nothing to do", async () => {
  const scratch = await cluster.database();
  const events: ProgressEvent[] = [];
  const progress = (event: ProgressEvent): void => void events.push(event);
  const reports = await Promise.all([goTo(scratch, 2, {}, progress), goTo(scratch, 2, {}, progress)]);
  expect(reports.map(({ applied }) => applied.length).sort()).toEqual([0, 2]);
  const waiting = events.filter((event) => event.kind === "waiting-for-lock");
  expect(waiting.length).toBeGreaterThan(0);
  expect(waiting[0]?.holder).toMatch(/^session \d+ \(prompt-library-migration as prompt_library_owner\)/);
});

test("a lock that another migration never gives back is not waited for beyond the deadline", async () => {
  const scratch = await cluster.database();
  const holder = await scratch.session({ name: "stuck" });
  const events: ProgressEvent[] = [];
  const first = goTo(scratch, 1);
  await first;
  await holder.query("SELECT pg_advisory_lock(1886151781, 1835624306)");
  await expect(goTo(scratch, 2, impatient, (event) => void events.push(event))).rejects.toThrow(
    /Another migration holds the lock.*stuck.*Nothing was changed/,
  );
  await holder.query("SELECT pg_advisory_unlock(1886151781, 1835624306)");
});

test("a session that the server ends leaves something that the next run finishes", async () => {
  const scratch = await cluster.database();
  await goTo(scratch, 1);
  const reader = await scratch.session();
  await startReading(reader);
  const events: ProgressEvent[] = [];
  const migrated = goTo(scratch, 2, patient, (event) => void events.push(event)).then(
    () => undefined,
    (error: unknown) => error,
  );
  await until("it waits", () => events.some(({ kind }) => kind === "retrying"));
  await reader.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'prompt-library-migration' AND datname = current_database()",
  );
  expect(await migrated).toMatchObject({ code: "connection-lost", changed: "kept" });
  await reader.query("COMMIT");
  await goTo(scratch, 2);
  expect(await schemaVersion(reader)).toBe(2);
});

test("a session that somebody keeps has its own settings afterwards, and no lock", async () => {
  const scratch = await cluster.database();
  const kept: Client[] = [];
  const connect = async (): Promise<Client> => {
    const client = await scratch.session();
    client.end = (() => Promise.resolve()) as Client["end"];
    kept.push(client);
    return client;
  };
  const settings = "SELECT array_agg(name) FROM pg_settings WHERE source = 'session'";
  await migrateTo({ connect, target: 2, migrations });
  expect(kept.length).toBe(2);
  for (const client of kept) {
    expect(await one<string[] | null>(client, settings)).toBeNull();
    expect(
      await one(client, "SELECT count(*)::int FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'"),
    ).toBe(0);
  }
  for (const client of kept) await Object.getPrototypeOf(client).end.call(client);
});

test("a look at the database waits neither for somebody's lock nor for an answer without end", async () => {
  const scratch = await cluster.database();
  await goTo(scratch, 1);
  const holder = await scratch.session();
  await holder.query("BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE");
  const looker = new pg.Client({ ...scratch.connection, ...sessionLimits("lookup", { lockTimeoutMs: 200 }) });
  await looker.connect();
  try {
    await expect(looker.query("SELECT count(*) FROM users")).rejects.toThrow("lock timeout");
    expect(await one(looker, "SHOW statement_timeout")).toBe("5min");
    // What is set for a session's end comes back with it, and a migration's own limits are not the session's.
    await looker.query("SET lock_timeout = 0; RESET ALL");
    expect(await one(looker, "SHOW lock_timeout")).toBe("200ms");
  } finally {
    await looker.end();
    await holder.query("ROLLBACK");
  }
});
