import type pg from "pg";

/** A table that the configuration leaves out of the comparison: `backup.exclude`. */
export type Exclusion = { table: string; reason: string };

export type TableLayout = {
  /** Schema and name, quoted as PostgreSQL would write them in a statement. */
  name: string;
  /** Columns whose types have a binary form; others are cast to text. */
  columns: readonly string[];
  /** Blocks of one range; 0 where each row is a range. The same in all readings that are compared. */
  blocksPerRange: number;
};

export type Layout = {
  /**
   * Transactions from this one on were not finished when reading began; what they wrote is left out of all readings. Null in a database
   * that nobody writes to, which is read whole.
   */
  horizon: string | null;
  tables: readonly TableLayout[];
  /** Unlogged tables: PostgreSQL empties them in every restore. */
  unlogged: readonly string[];
  /** Tables whose rows are kept elsewhere. */
  foreign: readonly string[];
  excluded: readonly Exclusion[];
};

/** Up to here each row is a range: half a megabyte. */
const blocksOfSmallTable = 64;

/** Ranges of one table at most, so that three readings of it fit in memory. */
const mostRanges = 16_384;

/** Narrow ranges, so that a writer spoils few of them. */
export function blocksPerRange(blocks: number): number {
  return blocks <= blocksOfSmallTable ? 0 : Math.ceil(blocks / mostRanges);
}

type FoundTable = {
  schema: string;
  plain: string;
  name: string;
  kind: "r" | "m" | "f";
  persistence: "p" | "u" | "t";
  blocks: number;
  columns: string[];
  reader: string;
  may_read: boolean;
  has_policies: boolean;
};

/**
 * Divides all that the database holds into ranges of blocks. A restored snapshot has the same blocks as its original, so that a row keeps
 * its place (ctid) in it: ranges need no key, and each is read alone.
 * @throws Error that names every table of which this role would see no row or not every row
 */
export async function layOut(client: pg.Client, exclude: readonly Exclusion[] = []): Promise<Layout> {
  const { rows } = await client.query<FoundTable>(tablesQuery);
  const problems: string[] = [];
  const isExcluded = (table: FoundTable) => exclude.some(({ table: name }) => name === table.plain);
  const logged = rows.filter(({ kind, persistence }) => kind !== "f" && persistence === "p");
  for (const { table } of exclude)
    if (!rows.some(({ plain }) => plain === table))
      problems.push(`backup.exclude names ${table}, and the database has no such table. Remove it from the list`);
  const compared = logged.filter((table) => !isExcluded(table));
  for (const { schema, plain, name, reader, may_read, has_policies } of compared) {
    if (!may_read)
      problems.push(
        `${reader} may not read ${plain}, so nothing would be known of its copy. As the table's owner: GRANT USAGE ON SCHEMA "${schema}" TO ${reader}; GRANT SELECT ON ${name} TO ${reader}; or name ${plain} in backup.exclude with a reason`,
      );
    else if (has_policies)
      problems.push(
        `row security hides rows of ${plain} from ${reader}, so an empty copy would look whole. Let ${reader} own the table without FORCE ROW LEVEL SECURITY, or name ${plain} in backup.exclude with a reason`,
      );
  }
  if (problems.length > 0) throw new Error(problems.join("\n"));
  const { rows: horizon } = await client.query<{ horizon: string }>(
    "SELECT pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::text AS horizon",
  );
  return {
    horizon: horizon[0]?.horizon ?? null,
    tables: compared.map(({ name, columns, blocks }) => ({
      name,
      columns,
      blocksPerRange: blocksPerRange(blocks),
    })),
    unlogged: rows.filter(({ persistence }) => persistence === "u").map(({ plain }) => plain),
    foreign: rows.filter(({ kind }) => kind === "f").map(({ plain }) => plain),
    excluded: exclude.filter(({ table }) => rows.some(({ plain }) => plain === table)),
  };
}

/** Tables and filled materialized views with storage of their own; those of extensions are the extension's to make. */
const tablesQuery = `SELECT n.nspname::text AS schema, n.nspname || '.' || c.relname AS plain,
  pg_catalog.format('%I.%I', n.nspname, c.relname) AS name, c.relkind::text AS kind, c.relpersistence::text AS persistence,
  CASE WHEN c.relkind = 'f' THEN 0 ELSE (pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::bigint)::int END AS blocks,
  coalesce((SELECT pg_catalog.array_agg(pg_catalog.format(CASE WHEN t.typsend = 0 OR e.typsend = 0 THEN 'one.%I::text' ELSE 'one.%I' END, a.attname) ORDER BY a.attnum)
    FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid LEFT JOIN pg_catalog.pg_type AS e ON e.oid = t.typelem
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '{}') AS columns,
  pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AS may_read,
  pg_catalog.quote_ident(current_user) AS reader, pg_catalog.row_security_active(c.oid) AS has_policies
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm', 'f') AND c.relispopulated AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 2`;
