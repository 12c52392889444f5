/**
 * What of the database counts as the schema: everything that pg_dump would write, but for the journal and for what a rollback keeps
 * aside. Columns are read as JSON where they differ between the versions of PostgreSQL.
 */
export const scope = `
  extension_member AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
  space AS (
    SELECT n.* FROM pg_namespace AS n
    WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'rollback_keep')
      AND NOT EXISTS (SELECT FROM extension_member WHERE classid = 'pg_namespace'::regclass AND objid = n.oid)
  ),
  relation AS (
    SELECT c.*, format('%s %I.%I', CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence'
      WHEN 'f' THEN 'foreign table' WHEN 'c' THEN 'type' ELSE 'table' END, space.nspname, c.relname) AS subject
    FROM pg_class AS c JOIN space ON space.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c') AND (space.nspname, c.relname) <> ('public', 'migration_audit')
      AND NOT EXISTS (SELECT FROM extension_member WHERE classid = 'pg_class'::regclass AND objid = c.oid)
  ),
  routine AS (
    SELECT p.*, format('%s %s', CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END, p.oid::regprocedure) AS subject
    FROM pg_proc AS p JOIN space ON space.oid = p.pronamespace
    WHERE NOT EXISTS (SELECT FROM extension_member WHERE classid = 'pg_proc'::regclass AND objid = p.oid)
  ),
  datatype AS (
    SELECT t.*, format('%s %I.%I', CASE t.typtype WHEN 'd' THEN 'domain' ELSE 'type' END, space.nspname, t.typname) AS subject
    FROM pg_type AS t JOIN space ON space.oid = t.typnamespace LEFT JOIN pg_class AS c ON c.oid = t.typrelid
    WHERE (c.relkind IS NULL OR c.relkind = 'c') AND t.typtype <> 'm' AND NOT EXISTS (SELECT FROM pg_type AS element WHERE element.typarray = t.oid)
      AND NOT EXISTS (SELECT FROM extension_member WHERE classid = 'pg_type'::regclass AND objid = t.oid)
  )`;

/** Of an object's columns what pg_dump writes besides its definition, as one line of JSON; what is usual is left out. */
export function facts(columns: Record<string, string>): string {
  const pairs = Object.entries(columns).map(([name, sql]) => `'${name}', ${sql}`);
  return `jsonb_strip_nulls(jsonb_build_object(${pairs.join(", ")}))::text`;
}

/** SQL: the owner of an object. */
export function ownerOf(column: string): string {
  return `pg_get_userbyid(${column})`;
}
