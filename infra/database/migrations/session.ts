import type { Client } from "pg";
import type { Connect, MigrationOptions } from "./options";

/** The one that works and holds the advisory lock, and the one that looks who stands in its way. */
export type Sessions = { worker: Client; observer: Client; workerPid: number };

/**
 * Runs `work` with two sessions and leaves nothing behind in them: settings are reset and locks released before they end,
 * should the connection be one that somebody keeps. The server notices within a second when this process is killed.
 */
export async function withSessions<T>(
  connect: Connect,
  options: MigrationOptions,
  work: (sessions: Sessions) => Promise<T>,
): Promise<T> {
  const worker = await connect();
  worker.on("error", () => undefined); // What breaks the connection also fails the query that is running.
  try {
    const observer = await connect();
    observer.on("error", () => undefined);
    try {
      for (const client of [worker, observer]) await prepare(client, options);
      const { rows } = await worker.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
      return await work({ worker, observer, workerPid: rows[0]?.pid ?? 0 });
    } finally {
      await leave(observer);
    }
  } finally {
    await leave(worker);
  }
}

/**
 * What holds for a session's every statement, the journal's and the catalog's among them: none waits for a lock without an end.
 * A migration's own statements have tighter limits, see `transactionText`.
 */
export function floorOf(options: Pick<MigrationOptions, "gentleLockTimeoutMs" | "longStatementTimeoutMs">): string {
  return `SET lock_timeout = ${options.gentleLockTimeoutMs}; SET statement_timeout = ${options.longStatementTimeoutMs}`;
}

async function prepare(client: Client, options: MigrationOptions): Promise<void> {
  await client.query(floorOf(options));
  // Whoever serves users meanwhile needs the other cores more: a parallel count or index build takes them all on a small instance.
  await client.query("SET max_parallel_workers_per_gather = 0; SET max_parallel_maintenance_workers = 0");
  await client.query("SET application_name = 'prompt-library-migration'");
  await client.query("SET tcp_keepalives_idle = 10");
  // From PostgreSQL 14 on; without it a killed program's statement runs on to its end, and the next run waits for that.
  await client.query(
    "SELECT set_config(name, '1s', false) FROM pg_settings WHERE name = 'client_connection_check_interval'",
  );
}

async function leave(client: Client): Promise<void> {
  try {
    await client.query("ROLLBACK");
    await client.query("RESET ALL");
    await client.query("SELECT pg_advisory_unlock_all()");
  } catch {
    // The connection is gone, and everything with it.
  }
  await client.end().catch(() => undefined);
}

/** Resolves after `ms` milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
