import type pg from "pg";
import { transaction } from "./database.js";
import { log } from "./log.js";
import { migrate } from "./migrations.js";
import { hashPassword } from "./passwords.js";
import { requireSchema } from "./schema.js";
import type { Services } from "./services.js";
import { systemProviders, systemTemplates } from "./system-providers.js";

/** What must be true before the first request. Migrates the database itself, as its authors wrote it. */
export async function prepare(services: Services): Promise<void> {
  for (const name of await migrate(services.database)) log.info("migrated", { name });
  await requireSchema(services.database);
  await ensureAdmin(services);
  const made = await ensureSystemProviders(services.database);
  if (made > 0) log.info("made system providers", { count: made });
  await services.registry.refresh();
}

export async function ensureAdmin({ users, environment: { admin } }: Services): Promise<void> {
  if (await users.hasAdmin()) return;
  if (!admin) log.warn("there is no administrator, and ADMIN_EMAIL or ADMIN_PASSWORD is not set");
  else if (await users.createAdmin(admin.email, await hashPassword(admin.password))) log.info("made the first administrator");
  else if (!(await users.hasAdmin())) log.warn("ADMIN_EMAIL belongs to a user who is no administrator");
}

/** Adds what is missing and leaves alone what administrators made of the rest. Gives how many providers were made. */
function ensureSystemProviders(database: pg.Pool): Promise<number> {
  return transaction(database, async (client) => {
    // Templates have no unique name: of two copies that start together the second one waits here and then finds them.
    await client.query("SELECT pg_advisory_xact_lock(hashtext('prompt-library system providers'))");
    let made = 0;
    for (const { identifier, name, apiEndpoint, authMethod, models } of systemProviders) {
      const { rowCount } = await client.query(
        `INSERT INTO providers (identifier, name, api_endpoint, auth_method, is_system) VALUES ($1, $2, $3, $4, true)
         ON CONFLICT (identifier) DO NOTHING`,
        [identifier, name, apiEndpoint, authMethod],
      );
      made += rowCount ?? 0;
      for (const [position, model] of models.entries())
        await client.query(
          `INSERT INTO models (provider_id, identifier, name, context_length, is_default)
           SELECT id, $2, $3, $4, $5 FROM providers WHERE identifier = $1
           ON CONFLICT (provider_id, identifier) DO NOTHING`,
          [identifier, model.identifier, model.name, model.contextLength, position === 0],
        );
    }
    for (const { name, description, providerConfig, defaultModels } of systemTemplates)
      await client.query(
        `INSERT INTO provider_templates (name, description, provider_config, default_models, is_system)
         SELECT $1::varchar, $2, $3, $4, true
         WHERE NOT EXISTS (SELECT FROM provider_templates WHERE name = $1 AND is_system)`,
        [name, description, JSON.stringify(providerConfig), JSON.stringify(defaultModels)],
      );
    return made;
  });
}
