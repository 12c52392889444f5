import type pg from "pg";
import type { Btree, Relation } from "./relations";

/** Whatever the role's own settings are: every row, or an error. */
const whole = "SET LOCAL row_security = off; SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 0";

/** Ways to read a table, all but the one in an index's own order. */
const otherWays = ["seqscan", "bitmapscan", "indexonlyscan", "sort", "incremental_sort", "hashagg", "material"];
const byTable = `${whole}; SET LOCAL enable_indexscan = off`;
const byIndex = [whole, ...otherWays.map((way) => `SET LOCAL enable_${way} = off`)].join("; ");

/** Reads every page of a table, and every value of it wherever that is kept. */
export async function readTable(client: pg.Client, { name }: Relation): Promise<string[]> {
  await inSession(client, byTable, () =>
    client.query(`SELECT count(octet_length(ROW(one.*)::text)) FROM ONLY ${name} AS one`),
  );
  return [];
}

/**
 * Reads a B-tree from end to end, and the row of each of its entries.
 * @returns problems; null where PostgreSQL has another index that serves as well, and takes that one
 */
export async function scanBtree(client: pg.Client, index: Btree): Promise<string[] | null> {
  const rows = `FROM ONLY ${index.table}${index.predicate === null ? "" : ` WHERE ${index.predicate}`}`;
  const scan = `SELECT count(*)::text AS rows FROM (SELECT 1 ${rows} ORDER BY ${index.order} OFFSET 0) AS scanned`;
  const found = await inSession(client, byIndex, async () => {
    const plan = JSON.stringify((await client.query(`EXPLAIN (FORMAT JSON) ${scan}`)).rows);
    const used = plan.split('"Index Name":').slice(1);
    if (used.length !== 1 || !used[0]?.startsWith(JSON.stringify(index.plainName))) return null;
    return count(client, scan);
  });
  if (found === null) return null;
  const all = await inSession(client, byTable, () => count(client, `SELECT count(*)::text AS rows ${rows}`));
  return found === all ? [] : [`${found} rows are found through it, and its table has ${all} of them`];
}

async function count(client: pg.Client, statement: string): Promise<string> {
  return (await client.query<{ rows: string }>(statement)).rows[0]?.rows ?? "no";
}

async function inSession<T>(client: pg.Client, settings: string, work: () => Promise<T>): Promise<T> {
  await client.query(`BEGIN; ${settings}`);
  try {
    return await work();
  } finally {
    await client.query("ROLLBACK");
  }
}
