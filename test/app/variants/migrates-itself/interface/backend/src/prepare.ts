import type pg from "pg";
import { transaction } from "./database.js";
import { log } from "./log.js";
import { migrate } from "./migrations.js";
import { hashPassword } from "./passwords.js";
import { requireSchema } from "./schema.js";
import type { Services } from "./services.js";
import { systemProviders } from "./system-providers.js";

/** Migrates the database itself before the first request, as its authors wrote it. */
export async function prepare(services: Services): Promise<void> {
  for (const name of await migrate(services.database)) log.info("migrated", { name });
  await requireSchema(services.database);
  await ensureAdmin(services);
  await ensureSystemProviders(services.database);
  await services.registry.refresh();
}

async function ensureAdmin({ users, environment: { admin } }: Services): Promise<void> {
  if (admin && !(await users.hasAdmin())) await users.createAdmin(admin.email, await hashPassword(admin.password));
}

function ensureSystemProviders(database: pg.Pool): Promise<void> {
  return transaction(database, async (client) => {
    for (const { identifier, name, apiEndpoint, authMethod, models } of systemProviders) {
      await client.query(
        `INSERT INTO providers (identifier, name, api_endpoint, auth_method, is_system) VALUES ($1, $2, $3, $4, true)
         ON CONFLICT (identifier) DO NOTHING`,
        [identifier, name, apiEndpoint, authMethod],
      );
      for (const [position, model] of models.entries())
        await client.query(
          `INSERT INTO models (provider_id, identifier, name, context_length, is_default)
           SELECT id, $2, $3, $4, $5 FROM providers WHERE identifier = $1
           ON CONFLICT (provider_id, identifier) DO NOTHING`,
          [identifier, model.identifier, model.name, model.contextLength, position === 0],
        );
    }
  });
}
