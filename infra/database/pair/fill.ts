import type pg from "pg";
import { quoted } from "../sql/tree";

type FilledColumn = {
  table: string;
  column: string;
  type: string;
  /** Longest text that it takes; null where there is no limit. */
  length: number | null;
  enum_label: string | null;
  references_table: string | null;
  references_column: string | null;
  /** First of the values that a CHECK names. */
  allowed: string | null;
};

/** Columns that a row has to be given: neither generated nor with a default, unless they are another table's key. */
const columnsQuery = `
SELECT c.relname AS table, a.attname AS column, format_type(t.oid, NULL) AS type,
  CASE WHEN t.typname IN ('varchar', 'bpchar') AND a.atttypmod > 4 THEN a.atttypmod - 4 END AS length,
  (SELECT enumlabel FROM pg_enum WHERE enumtypid = t.oid ORDER BY enumsortorder LIMIT 1) AS enum_label,
  CASE WHEN f.oid IS NOT NULL THEN rc.relname END AS references_table, fa.attname AS references_column,
  (SELECT coalesce((regexp_match(d, $quote$'([^']*)'$quote$))[1], (regexp_match(d, '-?[0-9]+'))[1]) FROM pg_constraint k, pg_get_constraintdef(k.oid) d
   WHERE k.conrelid = c.oid AND k.contype = 'c' AND k.conkey = ARRAY[a.attnum] LIMIT 1) AS allowed
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_constraint f ON f.conrelid = c.oid AND f.contype = 'f' AND f.conkey = ARRAY[a.attnum]
LEFT JOIN pg_class rc ON rc.oid = f.confrelid
LEFT JOIN pg_attribute fa ON fa.attrelid = f.confrelid AND fa.attnum = f.confkey[1]
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'migration_audit'
  AND a.attgenerated = '' AND a.attidentity = '' AND (NOT a.atthasdef OR f.oid IS NOT NULL)
ORDER BY c.relname, a.attnum`;

export type Filled = { filled: string[]; notFilled: { table: string; reason: string }[] };

/**
 * Fills every table of schema public with made up rows, those first that others refer to. A table whose rules these rows do not meet
 * stays empty and is named.
 */
export async function fillTables(client: pg.Client, rows: number): Promise<Filled> {
  const { rows: columns } = await client.query<FilledColumn>(columnsQuery);
  const byTable = new Map<string, FilledColumn[]>();
  for (const column of columns) byTable.set(column.table, [...(byTable.get(column.table) ?? []), column]);
  const waiting = new Set(byTable.keys());
  const done: Filled = { filled: [], notFilled: [] };
  while (waiting.size > 0) {
    const isReady = (table: string) => (byTable.get(table) ?? []).every((column) => !waitsFor(column, waiting));
    const next = [...waiting].find(isReady) ?? [...waiting][0] ?? "";
    waiting.delete(next);
    const name = quoted({ schema: "public", name: next });
    try {
      await client.query(insertText(name, byTable.get(next) ?? [], rows));
      await client.query(`ANALYZE ${name}`);
      done.filled.push(next);
    } catch (error) {
      done.notFilled.push({ table: next, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return done;
}

function waitsFor({ table, references_table: other }: FilledColumn, waiting: ReadonlySet<string>): boolean {
  return other !== null && other !== table && waiting.has(other);
}

function insertText(table: string, columns: readonly FilledColumn[], rows: number): string {
  const names = columns.map(({ column }) => identifier(column)).join(", ");
  const others = columns.filter(({ references_table: other }) => other !== null);
  const values = columns.map((column) => madeUp(column, others.indexOf(column)));
  return `INSERT INTO ${table} (${names})\nSELECT ${values.join(", ")} FROM generate_series(1, ${rows}) AS n`;
}

/** @param place of a column among those that refer to other tables: no two rows have the same pair of keys */
function madeUp(column: FilledColumn, place: number): string {
  const { type, length, allowed, enum_label: label, references_table: other, references_column: key } = column;
  if (other === column.table) return "NULL";
  if (other !== null && key !== null) {
    const keys = `ARRAY(SELECT ${identifier(key)} FROM ${quoted({ schema: "public", name: other })} LIMIT 1000)`;
    return `(${keys})[1 + (n / ${1000 ** place}) % greatest(1, cardinality(${keys}))]`;
  }
  if (label !== null) return literal(label);
  if (allowed !== null) return literal(allowed);
  if (/^(character|text|name|citext)/.test(type))
    return length === null ? "'made up ' || n" : `left('x' || n, ${length})`;
  if (/^(smallint|integer|bigint|numeric|double|real)/.test(type)) return "n";
  if (type === "uuid") return "gen_random_uuid()";
  if (type === "boolean") return "n % 2 = 0";
  if (/^(timestamp|date|time)/.test(type)) return "'2026-01-01'::timestamp + n * interval '1 second'";
  return /json/.test(type) || type.endsWith("[]") ? "'{}'" : "NULL";
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
