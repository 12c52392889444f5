import pg, { type QueryResult } from "pg";
import {
  batchCeilingMs,
  type Congestion,
  nextBatchSize,
  nextPauseMs,
  smallerBatchSize,
  smallestBatch,
} from "./batch-size";
import { heldQuestion, type Spent, transactionText, withinBudget } from "./budget";
import { sqlState } from "./errors";
import type { MigrationOptions } from "./options";
import type { ReportMigration } from "./progress";
import { pause, type Sessions } from "./session";

export type Batches = {
  what: string;
  progress: ReportMigration;
  /** With `$1`, the key (uuid or null) after which it begins, and `$2`, how many rows; answers last_key, seen, changed. */
  statement: string;
  /** Where those two stand in it, in bytes and in order. */
  parameters: readonly { number: 1 | 2; at: number }[];
  /** Where an earlier run had come to. */
  after: string | null;
  /** Called now and then with the progress: a run that is killed continues from the last one reported. */
  checkpoint(lastKey: string): Promise<void>;
};

type BatchRow = { last_key: string | null; seen: string; changed: string };

/**
 * A batch touches few rows of a table that may be huge, found by their keys. Without statistics, as right after an
 * ALTER TABLE, the planner may read the whole table for each; this leaves it the way by the index. What it then
 * believes to be dear would also be compiled first, which takes longer than the batch.
 */
const byKey = [
  ...["seqscan", "hashjoin", "mergejoin", "bitmapscan"].map((way) => `SET LOCAL enable_${way} = off`),
  "SET LOCAL jit = off",
];

/**
 * Rows stay locked until the commit is on disk. What a crash of the server takes with it the next run does again: checkpoints are
 * written after the batches that they stand for, and the journal's last word waits for the disk.
 */
const commitsSoon = "SET LOCAL synchronous_commit = off";

const firstBatch = 100;

/** Of a batch's own time, left to others after it: it would keep a core busy without end else, and small instances have two. */
const restShare = 0.3;
const lookEveryMs = 250;
const checkpointEveryMs = 1_000;

/**
 * Runs the statement over all keys in order, a short transaction each: smaller while they take long, pausing while
 * others wait behind it or a replica falls behind. Each waits for locks under the budget of any other statement.
 *
 * @throws as `withinBudget`; what the batches before did stays done.
 */
export async function runBatches(
  sessions: Sessions,
  options: MigrationOptions,
  batches: Batches,
): Promise<{ spent: Spent; rows: number; changed: number }> {
  const began = performance.now();
  let { after } = batches;
  // Nothing is known yet of how long a row takes here: a table that is not in memory is a hundred times slower.
  let size = Math.min(options.batchSize, firstBatch);
  let rows = 0;
  let changed = 0;
  let pauseMs = 0;
  let lookedAt = began;
  let checkpointAt = began;
  const spent: Spent = { attempts: 0, totalMs: 0, transactionMs: 0, locks: [], blockers: [] };
  for (;;) {
    const statement = filledIn(batches, after, size);
    // The rows that it looks through on the way to its own may be many: the smallest batch may take as long as that takes.
    const statementTimeoutMs = size > smallestBatch ? batchCeilingMs : options.longStatementTimeoutMs;
    const tried = await withinBudget(
      sessions,
      options,
      { what: batches.what, isGentle: false, progress: batches.progress },
      (limits) =>
        sessions.worker.query(
          transactionText(
            [...byKey, commitsSoon, statement, heldQuestion],
            { ...limits, statementTimeoutMs },
            options.settings,
          ),
        ),
    ).catch((error: unknown) => {
      if (sqlState(error) === "57014" && size > smallestBatch) return undefined;
      throw error;
    });
    if (tried === undefined) {
      size = smallerBatchSize(size, options.batchSize);
      continue;
    }
    const { result, spent: once } = tried;
    const answers = result as unknown as QueryResult<BatchRow>[];
    const answer = answers.flatMap((one) => one.rows).find((row) => "last_key" in row);
    spent.attempts += once.attempts;
    spent.transactionMs = Math.max(spent.transactionMs, once.transactionMs);
    spent.blockers.push(...once.blockers.filter((blocker) => !spent.blockers.some(({ pid }) => pid === blocker.pid)));
    if (!answer?.last_key) break;
    after = answer.last_key;
    rows += Number(answer.seen);
    changed += Number(answer.changed);
    batches.progress({ kind: "batch", what: batches.what, rows, changed });
    size = nextBatchSize(size, once.transactionMs, options.batchSize);
    if (performance.now() - checkpointAt > checkpointEveryMs) {
      await batches.checkpoint(after);
      checkpointAt = performance.now();
    }
    if (performance.now() - lookedAt > lookEveryMs) {
      pauseMs = nextPauseMs(pauseMs, await congestion(sessions));
      lookedAt = performance.now();
    }
    await pause(Math.max(pauseMs, once.transactionMs * restShare));
  }
  spent.totalMs = performance.now() - began;
  return { spent, rows, changed };
}

/** The statement for one batch. Its planner sees the values, as it would not see parameters. */
function filledIn({ statement, parameters }: Batches, after: string | null, size: number): string {
  const bytes = Buffer.from(statement);
  const values = { 1: after === null ? "NULL::uuid" : `${pg.escapeLiteral(after)}::uuid`, 2: String(size) };
  let filled = "";
  let at = 0;
  for (const parameter of parameters) {
    filled += bytes.toString("utf8", at, parameter.at) + values[parameter.number];
    at = parameter.at + 2;
  }
  return filled + bytes.toString("utf8", at);
}

/** A lag that this role may not see counts as none. */
async function congestion({ engine }: Sessions): Promise<Congestion> {
  const { rows } = await engine.query<{ waiting: number; lag_ms: number }>(
    `SELECT (SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted)::int AS waiting,
       (SELECT coalesce(max(extract(epoch FROM replay_lag)) * 1000, 0) FROM pg_stat_replication)::float8 AS lag_ms`,
  );
  return { waitingSessions: rows[0]?.waiting ?? 0, replicaLagMs: rows[0]?.lag_ms ?? 0 };
}
