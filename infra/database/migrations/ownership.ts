import type { Client } from "pg";

/** Tables of schema public that the current role may not alter, with their owners; extensions' own are left out. */
export async function foreignTables(client: Client): Promise<{ table: string; owner: string }[]> {
  const { rows } = await client.query<{ table: string; owner: string }>(
    `SELECT c.relname AS table, pg_get_userbyid(c.relowner) AS owner FROM pg_class AS c
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT pg_has_role(current_user, c.relowner, 'USAGE')
       AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
     ORDER BY c.relname`,
  );
  return rows;
}
