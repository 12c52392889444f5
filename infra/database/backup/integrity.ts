import type pg from "pg";

export type Integrity = { indexes: number; tables: number; problems: string[] };

/**
 * PostgreSQL's own check of a copy that nobody writes to: every B-tree against its table (each row found through it, its order, its
 * pages' links) and every table's pages. Reading all of them proves the data checksums as well. Makes the extension: for a copy only.
 */
export async function checkIntegrity(client: pg.Client): Promise<Integrity> {
  await client.query("CREATE EXTENSION IF NOT EXISTS amcheck");
  const relations = async (kind: string) =>
    (
      await client.query<{ oid: string; name: string }>(
        `SELECT c.oid::text, c.oid::regclass::text AS name FROM pg_class AS c LEFT JOIN pg_am AS am ON am.oid = c.relam
         WHERE ${kind} AND c.relpersistence = 'p' AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
           AND c.relnamespace::regnamespace::text NOT LIKE 'pg\\_toast%' ORDER BY name`,
      )
    ).rows;
  const problems: string[] = [];
  const check = async (name: string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      problems.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const indexes = await relations(
    "c.relkind = 'i' AND am.amname = 'btree' AND (SELECT i.indisvalid FROM pg_index AS i WHERE i.indexrelid = c.oid)",
  );
  for (const { oid, name } of indexes)
    await check(
      name,
      async () => void (await client.query("SELECT bt_index_parent_check($1::oid::regclass, true, true)", [oid])),
    );
  const tables = await relations("c.relkind IN ('r', 'm')");
  for (const { oid, name } of tables)
    await check(name, async () => {
      const { rows } = await client.query<{ msg: string; blkno: string }>(
        "SELECT msg, blkno::text FROM verify_heapam($1::oid::regclass) LIMIT 3",
        [oid],
      );
      if (rows.length > 0) throw new Error(rows.map((row) => `block ${row.blkno}: ${row.msg}`).join("; "));
    });
  return { indexes: indexes.length, tables: tables.length, problems };
}
