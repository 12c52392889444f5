import type { Connection } from "@prompt-library/shared";
import type { Query } from "../database.js";

const columns = "id, name, provider, status, created_at, last_tested";

export const createConnections = (database: Query) => ({
  async of(userId: string): Promise<Connection[]> {
    const { rows } = await database.query<Connection>(
      `SELECT ${columns} FROM connections WHERE user_id = $1 ORDER BY created_at, id`,
      [userId],
    );
    return rows;
  },

  async create(userId: string, name: string, provider: string, encryptedConfig: string): Promise<Connection> {
    const { rows } = await database.query<Connection>(
      `INSERT INTO connections (user_id, name, provider, encrypted_config) VALUES ($1, $2, $3, $4) RETURNING ${columns}`,
      [userId, name, provider, encryptedConfig],
    );
    return rows[0]!;
  },

  async remove(userId: string, id: string): Promise<boolean> {
    const { rowCount } = await database.query("DELETE FROM connections WHERE user_id = $1 AND id = $2", [userId, id]);
    return rowCount === 1;
  },
});
