import type pg from "pg";
import type { Connect } from "../migrations/options";
import { type ContentDigest, isSame } from "./comparison";
import { hashedRows, openReader, type ReadOptions, readContent } from "./content";
import { type Layout, layOut, type TableLayout } from "./layout";

export type AgedTable = {
  table: string;
  /** Rows that the database has had since before the backup, and that the copy holds with the same content. */
  equal: number;
  /** Rows of the copy that were changed or deleted since. */
  since: number;
  /** Why nothing can be said of its rows; empty otherwise. */
  incomparable: string;
  /** What the copy lacks, a row each; the first few. */
  problems: string[];
};

/** Problems of one table that are named one by one. */
const mostNamed = 3;

/**
 * Compares a copy of an older backup with the database as it is now: each row that is as old as the backup and still there must be in the
 * copy, at the same place and with the same content. What was written since is not compared, nor are columns that came or went since.
 * @param present of the database, with the copy's horizon
 */
export async function compareWithNow(
  copy: Connect,
  database: Connect,
  present: Layout,
  options: ReadOptions,
): Promise<AgedTable[]> {
  const layout = { ...present, tables: await withCommonColumns(copy, present.tables) };
  const [then, now] = [await readContent(copy, layout, options), await readContent(database, layout, options)];
  const [copyClient, nowClient] = [await openReader(copy), await openReader(database)];
  try {
    const found: AgedTable[] = [];
    for (const table of layout.tables)
      found.push(await compareTable({ copyClient, nowClient, table, layout, then, now }));
    return found;
  } finally {
    await Promise.all([copyClient.end(), nowClient.end()]);
  }
}

/** A migration since the backup may have changed them. */
async function withCommonColumns(copy: Connect, tables: readonly TableLayout[]): Promise<TableLayout[]> {
  const client = await openReader(copy);
  try {
    const older = new Map((await layOut(client)).tables.map(({ name, columns }) => [name, new Set(columns)]));
    return tables.map((table) => {
      const known = older.get(table.name);
      return { ...table, columns: table.columns.filter((column) => known?.has(column) ?? true) };
    });
  } finally {
    await client.end();
  }
}

type TableArgs = {
  copyClient: pg.Client;
  nowClient: pg.Client;
  table: TableLayout;
  layout: Layout;
  then: ContentDigest;
  now: ContentDigest;
};

async function compareTable({ copyClient, nowClient, table, layout, then, now }: TableArgs): Promise<AgedTable> {
  const { name } = table;
  const compared: AgedTable = { table: name, equal: 0, since: 0, incomparable: "", problems: [] };
  const [was, is] = [then[name], now[name]];
  if (is === undefined) return { ...compared, incomparable: "it is gone now" };
  if (was === undefined) return { ...compared, incomparable: "it was made after the backup" };
  if ((await fileOf(copyClient, name)) !== (await fileOf(nowClient, name)))
    return {
      ...compared,
      incomparable: "its rows were written anew since (VACUUM FULL, TRUNCATE or a change of type)",
    };
  for (const range of new Set([...Object.keys(was), ...Object.keys(is)])) {
    const [older, newer] = [was[range], is[range]];
    if (newer === undefined) compared.since += older?.rows ?? 0;
    else if (older !== undefined && isSame(older, newer)) compared.equal += newer.rows;
    else await compareRange({ copyClient, nowClient, table, horizon: layout.horizon, range, compared });
  }
  return compared;
}

type RangeArgs = {
  copyClient: pg.Client;
  nowClient: pg.Client;
  table: TableLayout;
  horizon: string | null;
  range: string;
  compared: AgedTable;
};

type AgedRow = { place: string; h: string; xmin: string };

async function compareRange({ copyClient, nowClient, table, horizon, range, compared }: RangeArgs): Promise<void> {
  const [older, newer] = [
    await rowsOf(copyClient, table, horizon, range),
    await rowsOf(nowClient, table, horizon, range),
  ];
  const known = new Map(older.map((row) => [row.place, row]));
  let equal = 0;
  for (const { place, h, xmin } of newer) {
    const found = known.get(place);
    if (found?.h === h) equal += 1;
    // Its transaction was under way when the backup was taken: the copy has rolled it back, the database has not.
    else if (found === undefined && (await wasUnderWay(copyClient, xmin))) compared.since += 1;
    else if (compared.problems.length < mostNamed)
      compared.problems.push(
        `the row at ${place} ${found === undefined ? "is missing in the copy" : "has other content in the copy"}`,
      );
  }
  compared.equal += equal;
  compared.since += older.length - equal;
}

async function rowsOf(
  client: pg.Client,
  table: TableLayout,
  horizon: string | null,
  range: string,
): Promise<AgedRow[]> {
  const first = /^\((\d+),/.exec(range)?.[1] ?? range;
  const [from, to] = [BigInt(first), BigInt(first) + BigInt(Math.max(1, table.blocksPerRange))];
  const blocks = { from: String(from), to: String(to) };
  const only = range.startsWith("(") ? ` WHERE place = '${range}'::tid` : "";
  const { rows } = await client.query<AgedRow>(
    `SELECT place::text, h::text, xmin FROM (${hashedRows(table, horizon, blocks, "one.xmin::text AS xmin")}) AS hashed${only}`,
  );
  return rows;
}

/** A transaction that the copy's own recovery has rolled back. */
async function wasUnderWay(copy: pg.Client, xmin: string): Promise<boolean> {
  const { rows } = await copy.query<{ status: string | null }>(
    `SELECT pg_catalog.pg_xact_status(((next.xid - ((next.xid - $1::bigint) % 4294967296 + 4294967296) % 4294967296))::text::xid8) AS status
     FROM (SELECT pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::bigint AS xid) AS next`,
    [xmin],
  );
  return rows[0]?.status === "aborted";
}

async function fileOf(client: pg.Client, table: string): Promise<string> {
  const { rows } = await client.query<{ file: string }>(
    "SELECT pg_catalog.pg_relation_filenode(pg_catalog.to_regclass($1))::text AS file",
    [table],
  );
  return rows[0]?.file ?? "";
}
