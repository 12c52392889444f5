import type pg from "pg";

/** The checklist's own queries, as it asks them before and after a migration. All read only. */
export const checklistQueries = {
  /** MIG-1.1 */
  lastAuditRows: `select migration_name, executed_at, executed_by, status from migration_audit order by executed_at desc limit 5`,
  /** MIG-1.2, without what is encrypted in it */
  sampledConnections: `select id, name, provider, created_at from connections order by created_at limit 10`,
  /** MIG-1.3 */
  tableStatistics: `select tablename, count(*)::int as columns, max(n_distinct) as n_distinct from pg_stats
    where schemaname = 'public' and tablename in ('connections', 'users', 'prompts') group by tablename order by tablename`,
} as const;

export const providerTables = ["providers", "models", "provider_templates"] as const;

/** Rows of those tables that are there, by name. */
export async function rowCounts(client: pg.Client, tables: readonly string[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of tables)
    if (await tableExists(client, table)) {
      const { rows } = await client.query<{ count: string }>(
        `select count(*) as count from public.${client.escapeIdentifier(table)}`,
      );
      counts[table] = Number(rows[0]?.count);
    }
  return counts;
}

export async function tableExists(client: pg.Client, table: string): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>("select to_regclass('public.' || $1) is not null as found", [
    table,
  ]);
  return rows[0]?.found === true;
}

/** Rows as one line: `a=1 b=2; a=3 b=4`. */
export function inOneLine(rows: readonly Record<string, unknown>[]): string {
  if (rows.length === 0) return "no rows";
  const value = (found: unknown) => (found instanceof Date ? found.toISOString() : String(found));
  return rows
    .map((row) =>
      Object.entries(row)
        .map(([name, found]) => `${name}=${value(found)}`)
        .join(" "),
    )
    .join("; ");
}
