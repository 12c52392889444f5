import type { Query } from "./database.js";

/** This release reads and writes nothing that schema 2 added or took away, so it runs on both. */
const tables = ["users", "prompts", "connections", "ratings", "sessions"];

/** @throws Error when the database is not migrated far enough */
export async function requireSchema(database: Query): Promise<void> {
  const { rows } = await database.query<{ name: string }>(
    "SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NULL",
    [tables],
  );
  if (rows.length > 0)
    throw new Error(`the database is not at schema 1: no table ${rows.map((row) => row.name).join(", ")}; migrate it first`);
}
