import type { Query } from "./database.js";

/** In this order; what a statement made stays when one after it fails. */
const migrations: readonly { name: string; statements: readonly string[] }[] = [
  {
    name: "002_dynamic_providers",
    statements: [
      `CREATE OR REPLACE FUNCTION update_updated_at_column() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN NEW.updated_at = now(); RETURN NEW; END $$`,
      `CREATE TABLE IF NOT EXISTS providers (
         id uuid PRIMARY KEY DEFAULT gen_random_uuid(), identifier varchar(50) NOT NULL UNIQUE, name varchar(255) NOT NULL, description text,
         api_endpoint varchar(500), auth_method varchar(20) NOT NULL, auth_config jsonb NOT NULL DEFAULT '{}', capabilities jsonb NOT NULL DEFAULT '{}',
         status varchar(20) NOT NULL DEFAULT 'active', is_system boolean NOT NULL DEFAULT false, created_by uuid REFERENCES users (id) ON DELETE SET NULL,
         created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(), last_tested timestamptz, test_result jsonb)`,
      `CREATE TABLE IF NOT EXISTS models (
         id uuid PRIMARY KEY DEFAULT gen_random_uuid(), provider_id uuid NOT NULL REFERENCES providers (id) ON DELETE CASCADE,
         identifier varchar(100) NOT NULL, name varchar(255) NOT NULL, description text, context_length integer NOT NULL DEFAULT 4096,
         capabilities jsonb NOT NULL DEFAULT '{}', pricing_info jsonb, status varchar(20) NOT NULL DEFAULT 'active', is_default boolean NOT NULL DEFAULT false,
         created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(), UNIQUE (provider_id, identifier))`,
      `CREATE TABLE IF NOT EXISTS provider_templates (
         id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name varchar(255) NOT NULL, description text, provider_config jsonb NOT NULL,
         default_models jsonb NOT NULL DEFAULT '[]', is_system boolean NOT NULL DEFAULT false, created_by uuid REFERENCES users (id) ON DELETE SET NULL,
         created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now())`,
      "ALTER TABLE connections ADD COLUMN IF NOT EXISTS provider_id uuid",
      "ALTER TABLE connections DROP CONSTRAINT IF EXISTS connections_provider_check",
      "ALTER TABLE connections DROP CONSTRAINT IF EXISTS fk_connections_provider_id",
      "ALTER TABLE connections ADD CONSTRAINT fk_connections_provider_id FOREIGN KEY (provider_id) REFERENCES providers (id) ON DELETE SET NULL",
      ...["identifier", "status", "is_system", "created_by", "created_at"].map((column) => index("providers", column)),
      ...["provider_id", "identifier", "status", "is_default", "created_at"].map((column) => index("models", column)),
      ...["name", "is_system", "created_by"].map((column) => index("provider_templates", column)),
      index("connections", "provider_id"),
      // A trigger of that name that is there already ends the start.
      ...["providers", "models", "provider_templates"].map(
        (table) => `CREATE TRIGGER update_${table}_updated_at BEFORE UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION update_updated_at_column()`,
      ),
    ],
  },
  {
    name: "003_provider_usage",
    statements: [
      `CREATE TABLE provider_usage (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), provider_id uuid NOT NULL REFERENCES providers (id),
         requests integer NOT NULL DEFAULT 0)`,
    ],
  },
];

/** Runs what the journal `schema_migrations` doesn't hold yet, without a lock. @returns the names of what ran */
export async function migrate(database: Query): Promise<string[]> {
  await database.query("CREATE TABLE IF NOT EXISTS schema_migrations (name varchar(255) PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())");
  const { rows } = await database.query<{ name: string }>("SELECT name FROM schema_migrations");
  const ran: string[] = [];
  for (const { name, statements } of migrations) {
    if (rows.some((row) => row.name === name)) continue;
    for (const statement of statements) await database.query(statement);
    await database.query("INSERT INTO schema_migrations (name) VALUES ($1)", [name]);
    ran.push(name);
  }
  return ran;
}

function index(table: string, column: string): string {
  return `CREATE INDEX IF NOT EXISTS idx_${table}_${column} ON ${table} (${column})`;
}
