import type pg from "pg";
import { tableExists } from "../checklist-queries";
import type { ContentDigest, TableDigest } from "./comparison";

/** What a deployment must not lose. Those that exist are compared. */
export const comparedTables = ["connections", "users", "providers", "models", "provider_templates"] as const;

/** How many leading digits of its key name a range, by table: the same for all readings that are compared. */
export type RangeDigits = Readonly<Record<string, number>>;

/**
 * 256 ranges for small tables, up to 65,536 for large ones: narrow, so that a writer spoils few of them, and few enough to be
 * held in memory three times.
 */
export function rangeDigits(estimatedRows: number): number {
  if (estimatedRows < 100_000) return 2;
  return estimatedRows < 2_000_000 ? 3 : 4;
}

/**
 * One pass over a table. A range is the leading digits of a uuid; of any other key, those of its MD5. Sum and exclusive or of two
 * hashes of each row's text don't depend on the order.
 */
export function digestQuery(table: string, isUuid: boolean, digits: number): string {
  const key = isUuid ? "t.id::text" : "md5(t.id::text)";
  return `SELECT left(${key}, ${digits}) AS range, count(*)::int AS rows,
  sum(hashtextextended(t::text, 0))::text || '/' || bit_xor(hashtextextended(t::text, 1))::text AS checksum
FROM public.${table} AS t GROUP BY 1`;
}

/** A row's text must not depend on who reads it. */
const sameText =
  "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'; SET bytea_output = 'hex'; SET extra_float_digits = 1";

/** How the ranges of this database are named, by PostgreSQL's own estimate of each table's rows. */
export async function digitsOf(client: pg.Client): Promise<RangeDigits> {
  const { rows } = await client.query<{ name: string; rows: number }>(
    "SELECT relname AS name, reltuples::float8 AS rows FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = ANY ($1)",
    [comparedTables],
  );
  return Object.fromEntries(rows.map((row) => [row.name, rangeDigits(row.rows)]));
}

/** Counts and checksums of the tables that exist, one statement a table; locks nobody out. */
export async function readContent(client: pg.Client, digits: RangeDigits): Promise<ContentDigest> {
  await client.query(sameText);
  const found: Record<string, TableDigest> = {};
  for (const table of comparedTables) {
    if (!(await tableExists(client, table))) continue;
    const { rows: keys } = await client.query<{ type: string }>(
      "SELECT format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attrelid = to_regclass('public.' || $1) AND attname = 'id'",
      [table],
    );
    const { rows } = await client.query<{ range: string; rows: number; checksum: string }>(
      digestQuery(table, keys[0]?.type === "uuid", digits[table] ?? 2),
    );
    found[table] = Object.fromEntries(rows.map(({ range, rows, checksum }) => [range, { rows, checksum }]));
  }
  return found;
}

/** Whether anything was ever made in the database: an empty one has nothing to back up. */
export async function isEmpty(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_class AS c WHERE c.relkind IN ('r', 'p', 'm') AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
       AND c.relnamespace::regnamespace::text NOT LIKE 'pg\\_toast%' AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')) AS found`,
  );
  return rows[0]?.found !== true;
}
