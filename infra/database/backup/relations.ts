import type pg from "pg";

export type Relation = {
  oid: string;
  /** Quoted for a statement. */
  name: string;
};

export type Btree = Relation & {
  /** Without its schema, unquoted. */
  plainName: string;
  table: string;
  /** How the table is read in the index's own order. */
  order: string;
  /** What rows of the table it holds; null where all. */
  predicate: string | null;
};

export type Relations = {
  tables: Relation[];
  btrees: Btree[];
  /** TOAST tables and their indexes: a statement reads them with their table, and not by themselves. */
  toast: { tables: Relation[]; btrees: Relation[] };
  /** Of other kinds. */
  otherIndexes: Relation[];
};

/** All that is stored of the database, but for the system's own catalogs. */
export async function relationsOf(client: pg.Client): Promise<Relations> {
  const { rows } = await client.query<Btree & { kind: string; is_btree: boolean; is_toast: boolean }>(query);
  const indexes = rows.filter(({ kind, is_btree }) => kind === "i" && is_btree);
  return {
    tables: rows.filter(({ kind }) => kind === "r" || kind === "m"),
    btrees: indexes.filter(({ is_toast }) => !is_toast),
    toast: { tables: rows.filter(({ kind }) => kind === "t"), btrees: indexes.filter(({ is_toast }) => is_toast) },
    otherIndexes: rows.filter(({ kind, is_btree }) => kind === "i" && !is_btree),
  };
}

/** Strategy 1 of a B-tree's operator family is its "less than", 5 its "greater than"; of `indoption` 1 is DESC and 2 NULLS FIRST. */
const orderOfIndex = `SELECT pg_catalog.string_agg(pg_catalog.format('(%s)%s USING OPERATOR(%I.%s) NULLS %s',
    pg_catalog.pg_get_indexdef(i.indexrelid, k, true),
    CASE WHEN i.indcollation[k - 1] <> 0 THEN (SELECT pg_catalog.format(' COLLATE %I.%I', cn.nspname, cl.collname)
      FROM pg_catalog.pg_collation AS cl JOIN pg_catalog.pg_namespace AS cn ON cn.oid = cl.collnamespace WHERE cl.oid = i.indcollation[k - 1]) ELSE '' END,
    opn.nspname, op.oprname, CASE WHEN i.indoption[k - 1] & 2 = 2 THEN 'FIRST' ELSE 'LAST' END), ', ' ORDER BY k)
  FROM pg_catalog.generate_series(1, i.indnkeyatts) AS k
  JOIN pg_catalog.pg_opclass AS oc ON oc.oid = i.indclass[k - 1]
  JOIN pg_catalog.pg_amop AS ao ON ao.amopfamily = oc.opcfamily AND ao.amoplefttype = oc.opcintype AND ao.amoprighttype = oc.opcintype
    AND ao.amopstrategy = CASE WHEN i.indoption[k - 1] & 1 = 1 THEN 5 ELSE 1 END AND ao.amoppurpose = 's'
  JOIN pg_catalog.pg_operator AS op ON op.oid = ao.amopopr JOIN pg_catalog.pg_namespace AS opn ON opn.oid = op.oprnamespace`;

const query = `SELECT c.oid::text, c.relkind::text AS kind, c.relname::text AS "plainName", pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
  CASE WHEN t.oid IS NOT NULL THEN pg_catalog.format('%I.%I', tn.nspname, t.relname) END AS table, am.amname = 'btree' AS is_btree, n.nspname = 'pg_toast' AS is_toast,
  pg_catalog.pg_get_expr(i.indpred, i.indrelid) AS predicate, (${orderOfIndex}) AS order
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_am AS am ON am.oid = c.relam
LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid
LEFT JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid LEFT JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.relnamespace
WHERE c.relkind IN ('r', 'm', 't', 'i') AND c.relpersistence = 'p' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND (i.indexrelid IS NULL OR i.indisvalid)
  AND NOT (n.nspname = 'pg_toast' AND coalesce(i.indrelid, c.oid) IN (SELECT s.reltoastrelid FROM pg_catalog.pg_class AS s WHERE s.relnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)))
ORDER BY 3`;
