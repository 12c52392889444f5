import type { Connection } from "@prompt-library/shared";
import type { Query } from "../database.js";

const columns = "id, name, provider, provider_id, status, created_at, last_tested";

export const createConnections = (database: Query) => ({
  async of(userId: string): Promise<Connection[]> {
    const { rows } = await database.query<Connection>(
      `SELECT ${columns} FROM connections WHERE user_id = $1 ORDER BY created_at, id`,
      [userId],
    );
    return rows;
  },

  async find(userId: string, id: string): Promise<(Connection & { encrypted_config: string }) | undefined> {
    const { rows } = await database.query<Connection & { encrypted_config: string }>(
      `SELECT ${columns}, encrypted_config FROM connections WHERE user_id = $1 AND id = $2`,
      [userId, id],
    );
    return rows[0];
  },

  /** The identifier is kept too: an older release knows nothing else. */
  async create(
    userId: string,
    name: string,
    provider: { id: string; identifier: string },
    encryptedConfig: string,
  ): Promise<Connection> {
    const { rows } = await database.query<Connection>(
      `INSERT INTO connections (user_id, name, provider, provider_id, encrypted_config)
       VALUES ($1, $2, $3, $4, $5) RETURNING ${columns}`,
      [userId, name, provider.identifier, provider.id, encryptedConfig],
    );
    return rows[0]!;
  },

  async recordTest(id: string, success: boolean): Promise<void> {
    await database.query("UPDATE connections SET last_tested = now(), status = $2 WHERE id = $1", [
      id,
      success ? "active" : "error",
    ]);
  },

  async remove(userId: string, id: string): Promise<boolean> {
    const { rowCount } = await database.query("DELETE FROM connections WHERE user_id = $1 AND id = $2", [userId, id]);
    return rowCount === 1;
  },
});
