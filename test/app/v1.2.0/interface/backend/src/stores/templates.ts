import type { ProviderTemplate } from "@prompt-library/shared";
import type { Query } from "../database.js";

const columns = "id, name, description, provider_config, default_models, is_system, created_at";

export const createTemplates = (database: Query) => ({
  async all(): Promise<ProviderTemplate[]> {
    const { rows } = await database.query<ProviderTemplate>(
      `SELECT ${columns} FROM provider_templates ORDER BY is_system DESC, name, id`,
    );
    return rows;
  },

  async create(
    template: Pick<ProviderTemplate, "name" | "description" | "provider_config" | "default_models">,
    createdBy: string,
  ): Promise<ProviderTemplate> {
    const { rows } = await database.query<ProviderTemplate>(
      `INSERT INTO provider_templates (name, description, provider_config, default_models, created_by)
       VALUES ($1, $2, $3, $4, $5) RETURNING ${columns}`,
      // pg would send an array as an array of PostgreSQL's.
      [template.name, template.description, template.provider_config, JSON.stringify(template.default_models), createdBy],
    );
    return rows[0]!;
  },

  async remove(id: string): Promise<boolean> {
    const { rowCount } = await database.query("DELETE FROM provider_templates WHERE id = $1 AND NOT is_system", [id]);
    return rowCount === 1;
  },
});
