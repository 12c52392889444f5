import { nodesOf } from "../sql/parser";
import { takeLock } from "./advisory-lock";
import { runBatches } from "./batches";
import type { Blocker } from "./blockers";
import { MigrationError, serverSaid } from "./errors";
import { failEntry, insertEntry, interruptRunning, noteEntry, program } from "./journal";
import { type Connect, defaultOptions, type MigrationOptions } from "./options";
import type { ReportMigration } from "./progress";
import { type Sessions, withSessions } from "./session";
import { readBatch } from "./statement-rules";

export type BackfillArgs = {
  connect: Connect;
  /** The most rows in one transaction. */
  batchSize?: number;
  options?: Partial<MigrationOptions>;
  progress?: ReportMigration;
};

export type BackfillReport = {
  /** `not needed` also where the schema has no provider_id or no provider is known yet. */
  status: "completed" | "not needed";
  filled: number;
  /** Rows of the old shape that were written while the last pass ran: the next run's. */
  remaining: number;
  passes: number;
  longestBatchMs: number;
  durationMs: number;
  blockers: Blocker[];
};

/** The journal's name for it. */
export const backfillName = "backfill_connections_provider_id";

/** While an older release still writes rows without provider_id there would always be one more pass. */
const mostPasses = 3;

// A window of keys first, then what in it is unfilled: by the filter alone the planner may sort the whole table for each batch.
const statement = `
WITH window_of_keys AS (
  SELECT id FROM public.connections WHERE ($1 IS NULL OR id > $1) ORDER BY id LIMIT $2
), batch AS (
  SELECT c.id FROM public.connections AS c JOIN window_of_keys USING (id)
  WHERE c.provider_id IS NULL FOR NO KEY UPDATE OF c SKIP LOCKED
), filled AS (
  UPDATE public.connections AS c SET provider_id = p.id
  FROM batch, public.providers AS p
  WHERE c.id = batch.id AND p.identifier = c.provider AND c.provider_id IS NULL
  RETURNING c.id
)
SELECT (SELECT id FROM window_of_keys ORDER BY id DESC LIMIT 1) AS last_key,
       (SELECT count(*) FROM batch) AS seen, (SELECT count(*) FROM filled) AS changed`;

const parameters = nodesOf(statement).flatMap((node) => readBatch(node).parameters);

/**
 * Fills `connections.provider_id` where it is null and a provider has the connection's `provider` as its identifier, in key order,
 * in short transactions. Killed, it continues from its checkpoint. It passes over rows that others hold locked and over those
 * that come after it, takes them in a second and third pass, and then ends, saying how many are left.
 *
 * @throws MigrationError; what was filled stays filled.
 */
export async function backfill(args: BackfillArgs): Promise<BackfillReport> {
  const options = {
    ...defaultOptions,
    ...args.options,
    ...(args.batchSize === undefined ? {} : { batchSize: args.batchSize }),
  };
  const progress = args.progress ?? (() => undefined);
  const began = performance.now();
  return withSessions(args.connect, options, async (sessions) => {
    const { engine } = sessions;
    await takeLock(sessions, options, progress);
    const report: BackfillReport = {
      status: "not needed",
      filled: 0,
      remaining: 0,
      passes: 0,
      longestBatchMs: 0,
      durationMs: 0,
      blockers: [],
    };
    if ((await hasProviderId(sessions)) && (await isAnythingLeft(sessions))) {
      const after = await lastCheckpoint(sessions);
      await interruptRunning(engine);
      const id = await insertEntry(engine, backfillName, after ? { key: after } : {});
      try {
        await fill(sessions, options, progress, { id, after, report });
      } catch (error) {
        const message = error instanceof MigrationError ? error.message : serverSaid(error);
        await failEntry(engine, id, { error: message, filled: report.filled }).catch(() => undefined);
        throw new MigrationError(
          "backfill-stopped",
          `The backfill of connections.provider_id stopped: ${message} What it filled stays; run it again, it goes on from there.`,
          {
            cause: error,
            ...(error instanceof MigrationError ? { blockers: error.blockers } : {}),
          },
        );
      }
      report.status = "completed";
      report.durationMs = performance.now() - began;
      const { filled, remaining, passes, longestBatchMs, durationMs, blockers } = report;
      await engine.query(
        "UPDATE public.migration_audit SET status = 'completed', details = (details - 'key') || $2::jsonb WHERE id = $1",
        [id, JSON.stringify({ filled, remaining, passes, longestBatchMs, durationMs, blockers })],
      );
    }
    report.durationMs = performance.now() - began;
    return report;
  });
}

async function fill(
  sessions: Sessions,
  options: MigrationOptions,
  progress: ReportMigration,
  run: { id: string; after: string | null; report: BackfillReport },
): Promise<void> {
  const { id, report } = run;
  let { after } = run;
  do {
    const isResumed = after !== null;
    const pass = await runBatches(sessions, options, {
      what: "the backfill of connections.provider_id",
      progress,
      statement,
      parameters,
      after,
      checkpoint: (key) => noteEntry(sessions.engine, id, { key }),
    });
    report.passes += 1;
    report.filled += pass.changed;
    report.longestBatchMs = Math.max(report.longestBatchMs, pass.spent.transactionMs);
    report.blockers.push(
      ...pass.spent.blockers.filter((blocker) => !report.blockers.some(({ pid }) => pid === blocker.pid)),
    );
    await noteEntry(sessions.engine, id, { key: null });
    if (pass.changed === 0 && !isResumed) break;
    after = null;
  } while (report.passes < mostPasses && (await isAnythingLeft(sessions)));
  report.remaining = await countLeft(sessions);
}

async function hasProviderId({ engine }: Sessions): Promise<boolean> {
  const { rows } = await engine.query(
    `SELECT FROM pg_attribute WHERE attrelid = to_regclass('public.connections') AND attname = 'provider_id' AND NOT attisdropped
       AND to_regclass('public.providers') IS NOT NULL AND to_regclass('public.migration_audit') IS NOT NULL`,
  );
  return rows.length > 0;
}

const left =
  "FROM public.connections AS c JOIN public.providers AS p ON p.identifier = c.provider WHERE c.provider_id IS NULL";

async function isAnythingLeft({ engine }: Sessions): Promise<boolean> {
  return (await engine.query(`SELECT ${left} LIMIT 1`)).rows.length > 0;
}

async function countLeft({ engine }: Sessions): Promise<number> {
  const { rows } = await engine.query<{ count: string }>(`SELECT count(*) ${left}`);
  return Number(rows[0]?.count ?? 0);
}

async function lastCheckpoint({ engine }: Sessions): Promise<string | null> {
  const { rows } = await engine.query<{ key: string | null; status: string }>(
    `SELECT details ->> 'key' AS key, status FROM public.migration_audit
     WHERE migration_name = $1 AND details ->> 'program' = $2 ORDER BY (details ->> 'sequence')::bigint DESC LIMIT 1`,
    [backfillName, program],
  );
  const last = rows[0];
  return last && last.status !== "completed" ? last.key : null;
}
