import type { User } from "@prompt-library/shared";
import type { Query } from "../database.js";

export type Account = User & { password_hash: string; is_active: boolean };

export const createUsers = (database: Query) => ({
  async findByEmail(email: string): Promise<Account | undefined> {
    const { rows } = await database.query<Account>(
      "SELECT id, email, role, is_active, password_hash FROM users WHERE email = $1",
      [email],
    );
    return rows[0];
  },

  /** Undefined when the address is taken. */
  async register(email: string, passwordHash: string): Promise<User | undefined> {
    const { rows } = await database.query<User>(
      `INSERT INTO users (email, password_hash) VALUES ($1, $2)
       ON CONFLICT (email) DO NOTHING RETURNING id, email, role`,
      [email, passwordHash],
    );
    return rows[0];
  },

  async hasAdmin(): Promise<boolean> {
    const { rows } = await database.query("SELECT FROM users WHERE role = 'admin' LIMIT 1");
    return rows.length > 0;
  },

  /** False when the address is taken, by a copy of this process that started at the same moment or by a user. */
  async createAdmin(email: string, passwordHash: string): Promise<boolean> {
    const { rowCount } = await database.query(
      `INSERT INTO users (email, password_hash, role) VALUES ($1, $2, 'admin') ON CONFLICT (email) DO NOTHING`,
      [email, passwordHash],
    );
    return rowCount === 1;
  },
});
