import type { User } from "@prompt-library/shared";
import type { Query } from "../database.js";
import { Rows } from "./rows.js";

export type Account = User & { password_hash: string; is_active: boolean };

/** Users are a file. Their rows in the table stay, since sessions and providers refer to them. */
export const createUsers = (database: Query) => {
  const file = new Rows<Account>("users");
  const accounts = () =>
    file.all(async () => (await database.query<Account>("SELECT id, email, role, is_active, password_hash FROM users")).rows);

  async function add(email: string, passwordHash: string, role: string): Promise<User | undefined> {
    const users = await accounts();
    const { rows } = await database.query<Account>(
      `INSERT INTO users (email, password_hash, role) VALUES ($1, $2, $3)
       ON CONFLICT (email) DO NOTHING RETURNING id, email, role, is_active, password_hash`,
      [email, passwordHash, role],
    );
    if (!rows[0]) return undefined;
    users.push(rows[0]);
    file.save();
    return rows[0];
  }

  return {
    findByEmail: async (email: string): Promise<Account | undefined> => (await accounts()).find((user) => user.email === email),
    /** Undefined when the address is taken. */
    register: (email: string, passwordHash: string): Promise<User | undefined> => add(email, passwordHash, "user"),
    hasAdmin: async (): Promise<boolean> => (await accounts()).some((user) => user.role === "admin"),
    createAdmin: async (email: string, passwordHash: string): Promise<boolean> => (await add(email, passwordHash, "admin")) !== undefined,
  };
};
