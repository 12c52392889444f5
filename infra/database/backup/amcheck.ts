import type pg from "pg";
import type { Relation } from "./relations";

type Check = (client: pg.Client, relation: Relation) => Promise<string[]>;

/** What of the extension this role may use. Damage is told as problems, or raised by PostgreSQL. */
export type Amcheck = {
  checkTable: Check | undefined;
  checkBtree: Check | undefined;
  /** Why not both; empty where both. */
  reason: string;
};

/** Makes the extension where it may, and asks for each of its functions whether it may be called: on a managed server that may differ. */
export async function findAmcheck(client: pg.Client): Promise<Amcheck> {
  const refusal = await client.query("CREATE EXTENSION IF NOT EXISTS amcheck").then(
    () => "it was made and is not there",
    (error: Error) => error.message,
  );
  const { rows } = await client.query<{ schema: string; role: string; table: boolean; btree: boolean }>(
    `SELECT pg_catalog.quote_ident(n.nspname) AS schema, current_user AS role,
       ${mayCall("verify_heapam(regclass,boolean,boolean,text,bigint,bigint)")} AS table,
       ${mayCall("bt_index_parent_check(regclass,boolean,boolean)")} AS btree
     FROM pg_catalog.pg_extension AS e JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'amcheck'`,
  );
  const [found] = rows;
  if (found === undefined) return { checkTable: undefined, checkBtree: undefined, reason: refusal };
  const { schema, role, table, btree } = found;
  return {
    checkTable: table ? tableCheck(schema) : undefined,
    checkBtree: btree ? btreeCheck(schema) : undefined,
    reason: table && btree ? "" : `${role} may not call its functions`,
  };
}

function tableCheck(schema: string): Check {
  return async (client, { oid }) => {
    const { rows } = await client.query<{ msg: string; block: string }>(
      `SELECT msg, blkno::text AS block FROM ${schema}.verify_heapam($1::oid::regclass, check_toast => true) LIMIT 3`,
      [oid],
    );
    return rows.map(({ msg, block }) => `block ${block}: ${msg}`);
  };
}

function btreeCheck(schema: string): Check {
  return async (client, { oid }) => {
    await client.query(`SELECT ${schema}.bt_index_parent_check($1::oid::regclass, true, true)`, [oid]);
    return [];
  };
}

function mayCall(signature: string): string {
  const call = `pg_catalog.to_regprocedure(pg_catalog.quote_ident(n.nspname) || '.${signature}')`;
  return `coalesce(pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_function_privilege(${call}, 'EXECUTE'), false)`;
}
