import type pg from "pg";

/** Rows of one table that came or changed since a moment; null where the table's columns can't tell. */
export type TableLoss = { table: string; made: number | null; changed: number | null };

export type Loss = { seconds: number; tables: TableLoss[] };

/** What a restore to that moment would lose, as far as `created_at` and `updated_at` tell. Reads whole tables where nothing indexes them. */
export async function lossSince(client: pg.Client, since: Date, now: Date): Promise<Loss> {
  const { rows: tables } = await client.query<{ table: string; columns: string[]; naive: string[] }>(
    `SELECT c.relname AS table, array_agg(a.attname::text) AS columns,
       coalesce(array_agg(a.attname::text) FILTER (WHERE a.atttypid = 'timestamp'::regtype), '{}') AS naive FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND NOT a.attisdropped
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> 'migration_audit'
       AND a.attname IN ('created_at', 'updated_at') AND format_type(a.atttypid, NULL) LIKE 'timestamp%' GROUP BY 1 ORDER BY 1`,
  );
  const found: TableLoss[] = [];
  for (const { table, columns, naive } of tables) {
    // A column without a zone has the server's clock, which is UTC on RDS, wherever this program runs.
    const later = (column: string) =>
      `${column}${naive.includes(column) ? " AT TIME ZONE 'UTC'" : ""} > $1::timestamptz`;
    const [hasMade, hasChanged] = [columns.includes("created_at"), columns.includes("updated_at")];
    const made = hasMade ? `count(*) FILTER (WHERE ${later("created_at")})::int` : "NULL::int";
    const changed = hasChanged
      ? `count(*) FILTER (WHERE ${later("updated_at")}${hasMade ? ` AND NOT ${later("created_at")}` : ""})::int`
      : "NULL::int";
    const { rows } = await client.query<{ made: number | null; changed: number | null }>(
      `SELECT ${made} AS made, ${changed} AS changed FROM public.${client.escapeIdentifier(table)}`,
      [since.toISOString()],
    );
    const [row] = rows;
    if (row !== undefined) found.push({ table, ...row });
  }
  return { seconds: Math.max(0, Math.round((now.getTime() - since.getTime()) / 1000)), tables: found };
}

/** As an operator reads it before deciding. */
export function describeLoss(loss: Loss): string {
  const touched = loss.tables
    .filter(({ made, changed }) => (made ?? 0) + (changed ?? 0) > 0)
    .map(
      ({ table, made, changed }) =>
        `${table}: ${[made ? `${made} made` : "", changed ? `${changed} changed` : ""].filter(Boolean).join(", ")}`,
    );
  const rows = touched.length === 0 ? "no row that tells when it was written" : touched.join("; ");
  return `what was written in the last ${loss.seconds} s (${rows}); rows that were deleted since come back`;
}
