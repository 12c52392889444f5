import type pg from "pg";

export type Sequence = {
  name: string;
  /** Where it stands; null where it never gave a number. */
  last: string | null;
  isAscending: boolean;
  /** Columns that take their numbers from it and hold one that it has not given yet. */
  behind: string[];
};

type SequenceRow = { name: string; last: string | null; increment: string; may_read: boolean; columns: Column[] };
type Column = { table: string; column: string };

/**
 * Where every sequence stands, and whether a column is ahead of it. A column without an index of its own is not asked: that would read
 * the table again.
 * @throws Error that names each sequence that this role may not read
 */
export async function readSequences(client: pg.Client): Promise<Sequence[]> {
  const { rows } = await client.query<SequenceRow>(sequencesQuery);
  const hidden = rows.filter(({ may_read }) => !may_read).map(({ name }) => name);
  if (hidden.length > 0)
    throw new Error(
      `the role that compares may not read these sequences: ${hidden.join(", ")}. As their owner: GRANT SELECT ON SEQUENCE … TO it`,
    );
  const sequences: Sequence[] = [];
  for (const { name, last, increment, columns } of rows) {
    const isAscending = BigInt(increment) > 0n;
    const behind: string[] = [];
    for (const { table, column } of columns) {
      const { rows: found } = await client.query<{ furthest: string | null }>(
        `SELECT ${isAscending ? "max" : "min"}(one.${column})::text AS furthest FROM ${table} AS one`,
      );
      const furthest = found[0]?.furthest ?? null;
      if (furthest !== null && /^-?\d+$/.test(furthest) && (last === null || isBefore(last, furthest, isAscending)))
        behind.push(`${table}.${column} holds ${furthest}`);
    }
    sequences.push({ name, last, isAscending, behind });
  }
  return sequences;
}

/** What is wrong with a copy's sequences: one that went back, and one that fell behind a column that it was not behind before. */
export function sequenceProblems(before: readonly Sequence[], copy: readonly Sequence[]): string[] {
  return before.flatMap((was) => {
    const is = copy.find(({ name }) => name === was.name);
    if (is === undefined) return [`sequence ${was.name} is missing`];
    if (was.last !== null && (is.last === null || isBefore(is.last, was.last, was.isAscending)))
      return [`sequence ${was.name} stands at ${is.last ?? "its start"}; it stood at ${was.last} before the snapshot`];
    return was.behind.length === 0 ? is.behind.map((column) => `sequence ${was.name} is behind: ${column}`) : [];
  });
}

function isBefore(one: string, other: string, isAscending: boolean): boolean {
  return isAscending ? BigInt(one) < BigInt(other) : BigInt(one) > BigInt(other);
}

/** Columns whose default or identity a sequence is, where an index leads with them. */
const sequencesQuery = `SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
  CASE WHEN pg_catalog.has_sequence_privilege(c.oid, 'SELECT') THEN pg_catalog.pg_sequence_last_value(c.oid)::text END AS last,
  s.seqincrement::text AS increment,
  pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_sequence_privilege(c.oid, 'SELECT') AS may_read,
  coalesce((SELECT pg_catalog.jsonb_agg(DISTINCT pg_catalog.jsonb_build_object('table', pg_catalog.format('%I.%I', tn.nspname, t.relname), 'column', pg_catalog.quote_ident(a.attname)))
    FROM (SELECT d.refobjid AS relation, d.refobjsubid AS number FROM pg_catalog.pg_depend AS d
            WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
          UNION SELECT f.adrelid, f.adnum FROM pg_catalog.pg_depend AS d JOIN pg_catalog.pg_attrdef AS f ON f.oid = d.objid
            WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid) AS user_of
    JOIN pg_catalog.pg_class AS t ON t.oid = user_of.relation JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.relnamespace
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = user_of.number
    WHERE t.relkind IN ('r', 'p') AND pg_catalog.has_table_privilege(t.oid, 'SELECT')
      AND EXISTS (SELECT FROM pg_catalog.pg_index AS i WHERE i.indrelid = t.oid AND i.indisvalid AND i.indpred IS NULL AND i.indkey[0] = a.attnum)), '[]') AS columns
FROM pg_catalog.pg_sequence AS s JOIN pg_catalog.pg_class AS c ON c.oid = s.seqrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relpersistence = 'p' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1`;
