import type { Client } from "pg";
import type { Connect, MigrationOptions } from "./options";

/** Ours alone: the two halves of an arbitrary number, the same in every version of this program. */
export const lockKey = [1_886_151_781, 1_835_624_306] as const;
/** Shared by the session on which scripts run: it may outlive the program by the statement that it is in. */
export const workerKey = [lockKey[0], lockKey[1] + 1] as const;

/** The one on which scripts run, and the engine's own: it holds the advisory lock, keeps the journal and looks who stands in the way. */
export type Sessions = {
  worker: Client;
  engine: Client;
  workerPid: number;
  /** Makes the worker as good as new: nothing that a statement did to its session reaches the next one. */
  renew(): Promise<void>;
};

/**
 * Runs `work` with two sessions and leaves nothing behind in them, should the connection be one that somebody keeps. The server notices
 * within a second when this process is killed.
 */
export async function withSessions<T>(
  connect: Connect,
  options: MigrationOptions,
  work: (sessions: Sessions) => Promise<T>,
): Promise<T> {
  const engine = await connect();
  engine.on("error", () => undefined); // What breaks the connection also fails the query that is running.
  try {
    const worker = await connect();
    worker.on("error", () => undefined);
    try {
      await engine.query(sessionText(options, "pg_catalog, pg_temp"));
      await worker.query(sessionText(options, "public"));
      const { rows } = await worker.query<{ pid: number }>("SELECT pg_catalog.pg_backend_pid() AS pid");
      const renew = async (): Promise<void> => {
        await worker.query("DISCARD ALL");
        await worker.query(
          `${sessionText(options, "public")}; SELECT pg_catalog.pg_try_advisory_lock_shared(${workerKey.join(", ")})`,
        );
      };
      return await work({ worker, engine, workerPid: rows[0]?.pid ?? 0, renew });
    } finally {
      await leave(worker);
    }
  } finally {
    await leave(engine);
  }
}

/**
 * What holds for a session's every statement, the journal's and the catalog's among them: none waits for a lock without an end, and
 * none passes over rows that a policy hides from it. A migration's own statements have tighter limits, see `transactionText`.
 */
function sessionText(options: MigrationOptions, searchPath: string): string {
  return [
    "SET application_name = 'prompt-library-migration'",
    ...limitSettings({
      lockTimeoutMs: options.gentleLockTimeoutMs,
      statementTimeoutMs: options.longStatementTimeoutMs,
    }),
    `SET search_path = ${searchPath}`,
    "SET row_security = off",
    // Whoever serves users meanwhile needs the other cores more: a parallel count or index build takes them all on a small instance.
    "SET max_parallel_workers_per_gather = 0",
    "SET max_parallel_maintenance_workers = 0",
    "SET tcp_keepalives_idle = 10",
    // Without it a killed program's statement runs on to its end, and the next run waits for that.
    "SET client_connection_check_interval = '1s'",
  ].join("; ");
}

export function limitSettings(limits: { lockTimeoutMs: number; statementTimeoutMs: number }, scope = ""): string[] {
  return [
    `SET ${scope}lock_timeout = ${Math.round(limits.lockTimeoutMs)}`,
    `SET ${scope}statement_timeout = ${Math.round(limits.statementTimeoutMs)}`,
  ];
}

async function leave(client: Client): Promise<void> {
  try {
    await client.query("ROLLBACK");
    await client.query("DISCARD ALL");
  } catch {
    // The connection is gone, and everything with it.
  }
  await client.end().catch(() => undefined);
}

/** Resolves after `ms` milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
