import type { Client } from "pg";
import type { QualifiedName } from "../sql/tree";
import type { Limits } from "./budget";
import { limitSettings } from "./session";

/**
 * Of the relations that a statement names, those on which an autovacuum works right now: the table itself, or an index's, or the
 * partitions and heirs below it. Quoted as SQL needs them.
 */
export async function vacuumedTables(engine: Client, touches: readonly QualifiedName[]): Promise<string[]> {
  const { rows } = await engine.query<{ table: string }>(
    `WITH RECURSIVE named AS (
       SELECT coalesce(i.indrelid, c.oid) AS oid FROM unnest($1::text[], $2::text[]) AS name (schema, relation)
       JOIN pg_namespace AS n ON n.nspname = name.schema JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = name.relation
       LEFT JOIN pg_index AS i ON i.indexrelid = c.oid
     ), met AS (
       SELECT oid FROM named UNION SELECT inhrelid FROM pg_inherits JOIN met ON inhparent = met.oid
     )
     SELECT DISTINCT format('%I.%I', n.nspname, c.relname) AS table FROM met
     JOIN pg_locks AS held ON held.relation = met.oid AND held.granted AND held.mode = 'ShareUpdateExclusiveLock'
       AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
     JOIN pg_stat_activity AS activity ON activity.pid = held.pid AND activity.backend_type = 'autovacuum worker'
     JOIN pg_class AS c ON c.oid = met.oid JOIN pg_namespace AS n ON n.oid = c.relnamespace`,
    [touches.map(({ schema }) => schema), touches.map(({ name }) => name)],
  );
  return rows.map(({ table }) => table);
}

/**
 * What to run before statements that lock one of those tables against everybody: a lock that holds up nobody but vacuums. PostgreSQL ends
 * an autovacuum that somebody has waited for longer than deadlock_timeout (1 s): a wait of 200 ms never gets there, and holds up every
 * writer each time it is tried. Behind the weaker lock the strong one is had at once, or waits for readers alone.
 */
export function asideVacuum(tables: readonly string[], limits: Limits, gentleLockTimeoutMs: number): string[] {
  if (tables.length === 0) return [];
  const patient = {
    lockTimeoutMs: gentleLockTimeoutMs,
    statementTimeoutMs: Math.max(gentleLockTimeoutMs + 1_000, limits.statementTimeoutMs),
  };
  return [
    ...limitSettings(patient, "LOCAL "),
    ...tables.map((table) => `LOCK TABLE ONLY ${table} IN SHARE UPDATE EXCLUSIVE MODE`),
    ...limitSettings(limits, "LOCAL "),
    "SELECT set_config('migrate.began', clock_timestamp()::text, true)",
  ];
}
