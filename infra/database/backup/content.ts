import type pg from "pg";
import type { Connect } from "../migrations/options";
import type { ContentDigest, RangeDigest } from "./comparison";
import { isOlder } from "./horizon";
import { inParallel } from "./in-parallel";
import { readLargeObjects } from "./large-objects";
import type { Layout, TableLayout } from "./layout";

/** What one statement reads: 64 MB, so that a lost connection costs no more than that. */
const blocksPerStatement = 8_192;

/**
 * A hash of one row's binary form, whatever its columns are called and whatever the session's settings are, summed up so that the order
 * of rows does not matter.
 */
const digest = "count(*)::text AS rows, coalesce(sum(h), 0)::text || '/' || coalesce(bit_xor(h), 0)::text AS checksum";

/** Rows of a table with their hash, without those that were written after the horizon. */
export function hashedRows(
  table: TableLayout,
  horizon: string | null,
  blocks?: { from: string; to: string },
  more?: string,
): string {
  const conditions = [
    ...(blocks === undefined
      ? []
      : [
          `one.ctid >= pg_catalog.format('(%s,0)', ${blocks.from})::tid`,
          `one.ctid < pg_catalog.format('(%s,0)', ${blocks.to})::tid`,
        ]),
    ...(horizon === null ? [] : [isOlder("one.xmin", horizon)]),
  ];
  return `SELECT one.ctid AS place, pg_catalog.hash_record_extended(ROW(pg_catalog.record_send(ROW(${table.columns.join(", ")}))), 0) AS h${more === undefined ? "" : `, ${more}`}
FROM ONLY ${table.name} AS one${conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`}`;
}

/** The statement that digests the blocks from $1 up to $2, a row a range that holds anything. */
export function digestQuery(table: TableLayout, horizon: string | null): string {
  const { blocksPerRange: width } = table;
  if (width === 0)
    return `SELECT place::text AS range, ${digest} FROM (${hashedRows(table, horizon, { from: "$1::bigint", to: "$2::bigint" })}) AS hashed GROUP BY 1`;
  return `SELECT first_block::text AS range, found.rows, found.checksum
FROM pg_catalog.generate_series($1::bigint, $2::bigint - 1, ${width}) AS first_block,
LATERAL (SELECT ${digest} FROM (${hashedRows(table, horizon, { from: "first_block", to: `first_block + ${width}` })}) AS hashed) AS found
WHERE found.rows <> '0'`;
}

/** Nothing of the role, the database or the caller changes what is read, and nothing is written. */
const readingSession = `SET search_path = pg_catalog; SET row_security = off; SET client_encoding = 'SQL_ASCII';
SET jit = off; SET max_parallel_workers_per_gather = 0; SET default_transaction_read_only = on`;

/** @returns a connection for reading content */
export async function openReader(connect: Connect): Promise<pg.Client> {
  const client = await connect();
  // What is under way on a lost connection fails with it, and is read again on another.
  client.on("error", () => undefined);
  try {
    await client.query(readingSession);
    return client;
  } catch (error) {
    await client.end();
    throw error;
  }
}

export type ReadOptions = {
  /** Connections that read at the same time. */
  readers: number;
  progress?: (read: { bytes: number; ofBytes: number }) => void;
};

/** Counts and checksums of every range that holds rows. Each block is read once; nobody is locked out. */
export async function readContent(connect: Connect, layout: Layout, options: ReadOptions): Promise<ContentDigest> {
  const reader = () => openReader(connect);
  const first = await reader();
  let sizes: Map<string, number>;
  let largeObjects: Record<string, RangeDigest>;
  try {
    sizes = await blocksOf(first, layout.tables);
    largeObjects = await readLargeObjects(first, layout.horizon);
  } finally {
    await first.end();
  }
  const found = new Map<string, Record<string, RangeDigest>>();
  for (const { name } of layout.tables) if (sizes.has(name)) found.set(name, {});
  const jobs = layout.tables.flatMap((table) => statementsFor(table, sizes.get(table.name)));
  const ofBytes = jobs.reduce((sum, { bytes }) => sum + bytes, 0);
  let bytes = 0;
  await inParallel(reader, options.readers, jobs, async (client, job) => {
    const { rows } = await client.query<{ range: string; rows: string; checksum: string }>(
      digestQuery(job.table, layout.horizon),
      [job.from, job.to],
    );
    const ranges = found.get(job.table.name);
    for (const { range, rows: count, checksum } of rows)
      if (ranges !== undefined) ranges[range] = { rows: Number(count), checksum };
    bytes += job.bytes;
    options.progress?.({ bytes, ofBytes });
  });
  if (Object.keys(largeObjects).length > 0) found.set("large objects", largeObjects);
  return Object.fromEntries(found);
}

/** One checksum a table, of all its rows wherever they lie: for a database that nobody writes to, before and after it was changed. */
export async function readWhole(client: pg.Client, layout: Layout): Promise<ContentDigest> {
  const found: Record<string, Record<string, RangeDigest>> = {};
  const { rows: before } = await client.query<{ path: string }>(
    "SELECT pg_catalog.current_setting('search_path') AS path",
  );
  await client.query("SET search_path = pg_catalog");
  try {
    for (const table of layout.tables) {
      const { rows } = await client.query<{ rows: string; checksum: string }>(
        `SELECT ${digest} FROM (${hashedRows(table, null)}) AS hashed`,
      );
      const [row] = rows;
      if (row !== undefined) found[table.name] = { all: { rows: Number(row.rows), checksum: row.checksum } };
    }
  } finally {
    await client.query("SELECT pg_catalog.set_config('search_path', $1, false)", [before[0]?.path]);
  }
  return found;
}

type Statement = { table: TableLayout; from: number; to: number; bytes: number };

function statementsFor(table: TableLayout, blocks: number | undefined): Statement[] {
  if (blocks === undefined) return [];
  const width = Math.max(1, table.blocksPerRange);
  const step = Math.max(width, Math.floor(blocksPerStatement / width) * width);
  const statements: Statement[] = [];
  for (let from = 0; from < blocks; from += step) {
    const to = Math.min(from + step, blocks);
    statements.push({ table, from, to, bytes: (to - from) * 8_192 });
  }
  return statements;
}

/** Blocks of each table that exists. */
async function blocksOf(client: pg.Client, tables: readonly TableLayout[]): Promise<Map<string, number>> {
  const { rows } = await client.query<{ name: string; blocks: number | null }>(
    `SELECT name, (pg_catalog.pg_relation_size(pg_catalog.to_regclass(name)) / pg_catalog.current_setting('block_size')::bigint)::int AS blocks
     FROM pg_catalog.unnest($1::text[]) AS name`,
    [tables.map(({ name }) => name)],
  );
  return new Map(rows.flatMap(({ name, blocks }) => (blocks === null ? [] : [[name, blocks] as const])));
}

/** Whether anything was ever made in the database: an empty one has nothing to back up. */
export async function isEmpty(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_catalog.pg_class AS c WHERE c.relkind IN ('r', 'p', 'm') AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
       AND c.relnamespace::regnamespace::text NOT LIKE 'pg\\_toast%' AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')) AS found`,
  );
  return rows[0]?.found !== true;
}
