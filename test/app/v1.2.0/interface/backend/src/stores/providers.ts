import type { Model, Provider, TestResult } from "@prompt-library/shared";
import type pg from "pg";
import { transaction } from "../database.js";

export type NewModel = { identifier: string; name: string; context_length: number };

export type ProviderValues = {
  name: string;
  description: string | null;
  api_endpoint: string | null;
  auth_method: string;
  /** Encrypted already, or empty. */
  auth_config: Record<string, unknown>;
  capabilities: Record<string, unknown>;
  status: string;
};

const modelColumns = "id, identifier, name, context_length, status, is_default";

const select = `
  SELECT p.id, p.identifier, p.name, p.description, p.api_endpoint, p.auth_method, p.auth_config <> '{}' AS has_auth_config,
         p.capabilities, p.status, p.is_system, p.created_at, p.updated_at, p.last_tested, p.test_result,
         coalesce((
           SELECT json_agg(m ORDER BY m.is_default DESC, m.identifier)
           FROM (SELECT ${modelColumns} FROM models WHERE provider_id = p.id) AS m), '[]') AS models
  FROM providers p`;

export function createProviders(database: pg.Pool) {
  return {
    async all(filter: { isSystem?: boolean } = {}): Promise<Provider[]> {
      const { rows } = await database.query<Provider>(
        `${select} WHERE $1::boolean IS NULL OR p.is_system = $1 ORDER BY p.is_system DESC, p.name, p.id`,
        [filter.isSystem ?? null],
      );
      return rows;
    },

    async find(id: string): Promise<Provider | undefined> {
      const { rows } = await database.query<Provider>(`${select} WHERE p.id = $1`, [id]);
      return rows[0];
    },

    async findByIdentifier(identifier: string): Promise<Provider | undefined> {
      const { rows } = await database.query<Provider>(`${select} WHERE p.identifier = $1`, [identifier]);
      return rows[0];
    },

    /** Undefined when the identifier is taken. */
    create(identifier: string, values: ProviderValues, models: NewModel[], createdBy: string): Promise<string | undefined> {
      return transaction(database, async (client) => {
        const { rows } = await client.query<{ id: string }>(
          `INSERT INTO providers
             (identifier, name, description, api_endpoint, auth_method, auth_config, capabilities, status, created_by)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (identifier) DO NOTHING RETURNING id`,
          [
            identifier, values.name, values.description, values.api_endpoint, values.auth_method,
            values.auth_config, values.capabilities, values.status, createdBy,
          ],
        );
        const id = rows[0]?.id;
        if (id) for (const [position, model] of models.entries()) await addModel(client, id, model, position === 0);
        return id;
      });
    },

    /** Changes the given fields only. */
    async update(id: string, values: Partial<ProviderValues>): Promise<void> {
      await database.query(
        `UPDATE providers SET name = coalesce($2, name), description = coalesce($3, description),
           api_endpoint = coalesce($4, api_endpoint), auth_method = coalesce($5, auth_method),
           auth_config = coalesce($6, auth_config), capabilities = coalesce($7, capabilities), status = coalesce($8, status)
         WHERE id = $1`,
        [
          id, values.name, values.description, values.api_endpoint, values.auth_method,
          values.auth_config, values.capabilities, values.status,
        ],
      );
    },

    async remove(id: string): Promise<void> {
      await database.query("DELETE FROM providers WHERE id = $1 AND NOT is_system", [id]);
    },

    async recordTest(id: string, result: TestResult): Promise<void> {
      await database.query("UPDATE providers SET last_tested = now(), test_result = $2 WHERE id = $1", [id, result]);
    },

    /** Undefined when the provider has a model of that identifier. */
    addModel: (id: string, model: NewModel): Promise<Model | undefined> => addModel(database, id, model, false),
  };
}

export type Providers = ReturnType<typeof createProviders>;

async function addModel(
  database: Pick<pg.Pool, "query">, providerId: string, model: NewModel, isDefault: boolean,
): Promise<Model | undefined> {
  const { rows } = await database.query<Model>(
    `INSERT INTO models (provider_id, identifier, name, context_length, is_default) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (provider_id, identifier) DO NOTHING RETURNING ${modelColumns}`,
    [providerId, model.identifier, model.name, model.context_length, isDefault],
  );
  return rows[0];
}
