import pg, { type QueryResult } from "pg";
import { backoffMs, isWorthRetrying } from "./backoff";
import { type Blocker, describeBlockers, likelyBlockers, watchWaiting } from "./blockers";
import { MigrationError, serverSaid, sqlState } from "./errors";
import type { MigrationOptions } from "./options";
import type { ReportMigration } from "./progress";
import { limitSettings, pause, type Sessions } from "./session";

/** What one thing that was tried under the lock budget took, in milliseconds. */
export type Spent = {
  attempts: number;
  /** From the first attempt's start to the end. */
  totalMs: number;
  /**
   * The attempt that succeeded: no lock was held longer than this. By the server's clock where the transaction tells it; else with
   * the way there and back.
   */
  transactionMs: number;
  /** Locks on tables that hold up readers or writers; none where the transaction doesn't tell. */
  locks: HeldLock[];
  blockers: Blocker[];
};

/** PostgreSQL's own name of the mode, such as AccessExclusiveLock. */
export type HeldLock = { table: string; mode: string };

export type Limits = { lockTimeoutMs: number; statementTimeoutMs: number };

export function limitsOf(options: MigrationOptions, isGentle: boolean): Limits {
  return isGentle
    ? { lockTimeoutMs: options.gentleLockTimeoutMs, statementTimeoutMs: options.longStatementTimeoutMs }
    : { lockTimeoutMs: options.lockTimeoutMs, statementTimeoutMs: options.statementTimeoutMs };
}

export type Budget = {
  what: string;
  isGentle: boolean;
  progress: ReportMigration;
  /** How many statements an attempt runs one after the other; each may take the whole of its timeout. */
  statements?: number;
};

/**
 * Tries `attempt` until it succeeds or the deadline passes, never without a lock timeout. Whoever is in the way is watched from the
 * engine's session and named; `behindVacuum` are the tables on which an autovacuum was in the way of an attempt before.
 *
 * @throws MigrationError at the deadline; any other error of the server as it is.
 */
export async function withinBudget<T>(
  sessions: Sessions,
  options: MigrationOptions,
  budget: Budget,
  attempt: (limits: Limits, behindVacuum: string[]) => Promise<T>,
): Promise<{ result: T; spent: Spent }> {
  const { what, progress } = budget;
  const limits = limitsOf(options, budget.isGentle);
  const began = performance.now();
  const deadline = began + options.deadlineMs;
  const blockers = new Map<number, Blocker>();
  for (let attempts = 1; ; attempts += 1) {
    const started = performance.now();
    const lockTimeoutMs = Math.max(1, Math.min(limits.lockTimeoutMs, Math.round(deadline - started)));
    const patience = {
      strongMs: Math.min(lockTimeoutMs, options.lockTimeoutMs),
      mildMs: options.gentleLockTimeoutMs,
      attemptMs: limits.statementTimeoutMs * (budget.statements ?? 1) + options.gentleLockTimeoutMs + 1_000,
    };
    const watch = watchWaiting(sessions.engine, sessions.workerPid, patience, (found) =>
      progress({ kind: "blocked", what, attempt: attempts, blockers: found }),
    );
    try {
      const behindVacuum = [...blockers.values()].flatMap(({ kind, table }) =>
        kind === "autovacuum worker" && table !== undefined ? [table] : [],
      );
      const result = await attempt({ ...limits, lockTimeoutMs }, [...new Set(behindVacuum)]);
      const took = performance.now() - started;
      await watch.stop();
      for (const blocker of watch.seen.values()) blockers.set(blocker.pid, blocker);
      const { heldMs = took, locks } = heldIn(result);
      return {
        result,
        spent: {
          attempts,
          totalMs: performance.now() - began,
          transactionMs: heldMs,
          locks,
          blockers: [...blockers.values()],
        },
      };
    } catch (error) {
      await watch.stop();
      await sessions.worker.query("ROLLBACK").catch(() => undefined);
      const state = sqlState(error);
      if (!isWorthRetrying(state) && !(watch.isBrokenOff() && state === "57014" && watch.seen.size > 0)) throw error;
      const now =
        watch.seen.size > 0
          ? [...watch.seen.values()]
          : await likelyBlockers(sessions.engine, sessions.workerPid, lockTimeoutMs).catch(() => []);
      for (const blocker of now) blockers.set(blocker.pid, blocker);
      const inMs = backoffMs(attempts, Math.random());
      if (performance.now() + inMs >= deadline) {
        const named = now.length > 0 ? now : [...blockers.values()];
        throw new MigrationError(
          "lock-not-granted",
          `${what} did not get its lock within ${(options.deadlineMs / 1000).toFixed(1)} s (${attempts} attempts): ` +
            `in the way was ${describeBlockers(named)}. Last answer: ${serverSaid(error)}.`,
          { blockers: named, cause: error },
        );
      }
      progress({ kind: "retrying", what, attempt: attempts, inMs, blockers: now });
      await pause(inMs);
    }
  }
}

/**
 * The text of one transaction, sent at once: what it locks is held for as long as the server works, not for the way there and back.
 * Its settings end with it.
 */
export function transactionText(
  statements: string[],
  limits: Limits,
  settings: Record<string, string>,
  mode: "" | "READ ONLY" = "",
): string {
  return [`BEGIN ${mode}`.trim(), ...localSettings(limits, settings), ...statements, "COMMIT"].join(";\n");
}

/** A transaction's last question before its commit: how long it has held what it holds. */
export const heldQuestion = `SELECT (extract(epoch FROM clock_timestamp() - coalesce(nullif(current_setting('migrate.began', true), '')::timestamptz, now())) * 1000)::float8 AS held_ms, (
  SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_object('table', CASE n.nspname WHEN 'public' THEN format('%I', c.relname) ELSE format('%I.%I', n.nspname, c.relname) END, 'mode', held.mode)), '[]')
  FROM pg_catalog.pg_locks AS held JOIN pg_catalog.pg_class AS c ON c.oid = held.relation AND c.relkind IN ('r', 'p') AND c.oid >= 16384
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE held.pid = pg_backend_pid() AND held.granted AND held.mode NOT IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock')
) AS held_locks`;

function heldIn(result: unknown): { heldMs?: number; locks: HeldLock[] } {
  const results = (Array.isArray(result) ? result : [result]) as (
    | QueryResult<{ held_ms?: number; held_locks?: HeldLock[] }>
    | undefined
  )[];
  const row = results.flatMap((one) => one?.rows ?? []).find(({ held_ms }) => held_ms !== undefined);
  return row?.held_ms === undefined ? { locks: [] } : { heldMs: row.held_ms, locks: row.held_locks ?? [] };
}

function localSettings(limits: Limits, settings: Record<string, string>): string[] {
  return [...limitSettings(limits, "LOCAL "), ...migrateSettings(settings, "LOCAL ")];
}

/** What migrations see as `current_setting('migrate.NAME')`. */
export function migrateSettings(settings: Record<string, string>, scope = ""): string[] {
  return Object.entries(settings).map(
    ([name, value]) =>
      `SET ${scope}${pg.escapeIdentifier(`migrate.${name}`).replace(".", '"."')} = ${pg.escapeLiteral(value)}`,
  );
}
