import type { Query } from "./database.js";

/** @throws Error when the database is not at schema 2 */
export async function requireSchema(database: Query): Promise<void> {
  const { rows } = await database.query<{ missing: string }>(`
    SELECT 'table ' || name AS missing
    FROM unnest('{users,prompts,connections,ratings,sessions,providers,models,provider_templates}'::text[]) AS name
    WHERE to_regclass(name) IS NULL
    UNION ALL
    SELECT 'column connections.provider_id'
    WHERE NOT EXISTS (
      SELECT FROM pg_attribute
      WHERE attrelid = to_regclass('connections') AND attname = 'provider_id' AND NOT attisdropped)`);
  if (rows.length > 0)
    throw new Error(`the database is not at schema 2: no ${rows.map((row) => row.missing).join(", no ")}; migrate it first`);
}
