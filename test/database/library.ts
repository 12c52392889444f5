import type { Client } from "pg";
import {
  type MigrationOptions,
  type MigrationReport,
  migrateTo,
  type ReportMigration,
  readMigrations,
} from "../../infra/database/migrations";
import type { Scratch } from "./scratch";

export const migrations = readMigrations();

/** What a rehearsal of the product's own migrations needs to be quick where it must fail. */
export async function goTo(
  scratch: Scratch,
  target: number,
  options: Partial<MigrationOptions> = {},
  progress?: ReportMigration,
): Promise<MigrationReport> {
  return migrateTo({ connect: scratch.connect, target, migrations, options, ...(progress ? { progress } : {}) });
}

/** Users with connections, spread over the four providers that version 1 knows. */
export async function seedConnections(client: Client, count: number): Promise<void> {
  await client.query(
    "INSERT INTO users (email, password_hash) SELECT format('user-%s@example.test', n), 'x' FROM generate_series(1, 10) AS n",
  );
  await client.query(
    `INSERT INTO connections (user_id, name, provider, encrypted_config)
     SELECT (SELECT id FROM users ORDER BY email LIMIT 1), format('connection %s', n),
       (ARRAY['openai', 'bedrock', 'anthropic', 'microsoft-copilot'])[1 + n % 4], 'sealed'
     FROM generate_series(1, $1) AS n`,
    [count],
  );
}

/** What the application's start makes. */
export async function seedProviders(client: Client): Promise<void> {
  await client.query(
    `INSERT INTO providers (identifier, name, auth_method, is_system)
     SELECT identifier, initcap(identifier), 'api_key', true FROM unnest(ARRAY['openai', 'bedrock', 'anthropic', 'microsoft-copilot']) AS identifier`,
  );
  await client.query(
    "INSERT INTO models (provider_id, identifier, name) SELECT id, identifier || '-large', name || ' large' FROM providers",
  );
  await client.query(
    "INSERT INTO provider_templates (name, provider_config) VALUES ('OpenAI compatible', '{\"auth_method\": \"api_key\"}')",
  );
}

const tables = ["users", "prompts", "connections", "ratings", "sessions", "providers", "models", "provider_templates"];

/** Every row of every table as text, to be compared whole. Tables that aren't there are left out. */
export async function contents(client: Client): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const table of tables) {
    const { rows: there } = await client.query("SELECT FROM pg_class WHERE oid = to_regclass($1)", [`public.${table}`]);
    if (there.length === 0) continue;
    const { rows } = await client.query<{ row: string }>(
      `SELECT to_jsonb(t)::text AS row FROM public.${table} AS t ORDER BY id`,
    );
    found[table] = rows.map(({ row }) => row);
  }
  return found;
}
