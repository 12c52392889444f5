import type pg from "pg";

/** How long the search of one table may take. */
const searchTimeoutMs = 60_000;

/**
 * A text and its plain encodings. Base64 has three forms, depending on where in a group of three bytes the text begins; its first
 * and last characters depend on the neighbours and are left out.
 */
export function disguises(text: string): string[] {
  const base64 = [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)])
      .toString("base64")
      .replace(/=+$/, "");
    return encoded.slice(offset === 0 ? 0 : offset + 1, -2);
  });
  return [text, Buffer.from(text).toString("hex"), ...base64];
}

export type Searched = { tables: number; found: string[] };

/**
 * Searches every column of every table of the application; reads only. What a rollback has kept is out of reach, since its schema
 * is, though the tables in it keep their grants: no release reads or writes there.
 */
export async function searchEverywhere(client: pg.Client, text: string): Promise<Searched> {
  await client.query(`set statement_timeout = ${searchTimeoutMs}`);
  const { rows: tables } = await client.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname not in ('pg_catalog', 'information_schema') and case when has_schema_privilege(schemaname, 'usage') then has_table_privilege(format('%I.%I', schemaname, tablename), 'select') else false end
     order by 1`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const { rows } = await client.query<{ count: string }>(
      `select count(*) as count from ${name} as searched where exists (select from unnest($1::text[]) as needle where position(needle in searched::text) > 0)`,
      [disguises(text)],
    );
    if (Number(rows[0]?.count) > 0) found.push(`${name} (${rows[0]?.count} rows)`);
  }
  return { tables: tables.length, found };
}

/** @throws Error naming the tables */
export function expectNothingFound({ tables, found }: Searched, storedWith: string): void {
  if (tables === 0) throw new Error("no table can be read, so nothing was searched");
  if (found.length > 0) throw new Error(`a key stored with ${storedWith} is readable in ${found.join(", ")}`);
}

/** Columns that hold credentials, if they exist: the checklist names the first. */
const credentialColumns = [
  { table: "providers", column: "auth_config" },
  { table: "connections", column: "encrypted_config" },
] as const;

export async function keysInTheClear(client: pg.Client): Promise<{ rows: number; looked: string[]; found: string[] }> {
  let all = 0;
  const looked: string[] = [];
  const found: string[] = [];
  for (const { table, column } of credentialColumns) {
    const { rows: there } = await client.query(
      "select from information_schema.columns where table_schema = 'public' and table_name = $1 and column_name = $2",
      [table, column],
    );
    if (there.length === 0) continue;
    const { rows } = await client.query<{ all: string; clear: string }>(
      `select count(*) as all, count(*) filter (where ${column}::text like '%sk-%') as clear from public.${table}`,
    );
    all += Number(rows[0]?.all);
    looked.push(`${rows[0]?.all} rows of ${table}.${column}`);
    if (Number(rows[0]?.clear) > 0) found.push(`${rows[0]?.clear} rows of ${table}.${column}`);
  }
  return { rows: all, looked, found };
}
