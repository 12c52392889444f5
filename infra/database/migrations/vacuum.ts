import type { Client } from "pg";
import pg from "pg";
import type { Limits } from "./budget";

/** Tables of schema public that a vacuum or an analyze works on right now. */
export async function vacuumedTables(observer: Client): Promise<string[]> {
  const { rows } = await observer.query<{ name: string }>(
    `SELECT DISTINCT c.relname AS name FROM pg_locks AS held
     JOIN pg_class AS c ON c.oid = held.relation AND c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
     JOIN pg_stat_activity AS activity ON activity.pid = held.pid AND activity.backend_type = 'autovacuum worker'
     WHERE held.granted AND held.mode = 'ShareUpdateExclusiveLock' AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  return rows.map(({ name }) => name);
}

/**
 * What to run before statements that lock one of those tables against everybody: a lock that holds up nobody but vacuums. PostgreSQL ends
 * an autovacuum that somebody has waited for longer than deadlock_timeout (1 s): a wait of 200 ms never gets there, and holds up every
 * writer each time it is tried. Behind the weaker lock the strong one is had at once, or waits for readers alone.
 */
export function asideVacuum(
  tables: readonly string[],
  statements: readonly string[],
  limits: Limits,
  gentleLockTimeoutMs: number,
): string[] {
  const met = tables.filter((table) => statements.some((sql) => new RegExp(`\\b${table}\\b`).test(sql)));
  if (met.length === 0) return [];
  return [
    `SET LOCAL lock_timeout = ${Math.round(gentleLockTimeoutMs)}`,
    `SET LOCAL statement_timeout = ${Math.round(Math.max(gentleLockTimeoutMs + 1_000, limits.statementTimeoutMs))}`,
    ...met.map((table) => `LOCK TABLE public.${pg.escapeIdentifier(table)} IN SHARE UPDATE EXCLUSIVE MODE`),
    `SET LOCAL lock_timeout = ${Math.round(limits.lockTimeoutMs)}`,
    `SET LOCAL statement_timeout = ${Math.round(limits.statementTimeoutMs)}`,
    "SELECT set_config('migrate.began', clock_timestamp()::text, true)",
  ];
}
