import type { User } from "@prompt-library/shared";
import type { Query } from "../database.js";
import { tokenHash } from "../tokens.js";

export const createSessions = (database: Query) => ({
  async open(userId: string, token: string, expiresAt: Date): Promise<void> {
    await database.query("DELETE FROM sessions WHERE user_id = $1 AND expires_at < now()", [userId]);
    await database.query("INSERT INTO sessions (user_id, token_hash, expires_at) VALUES ($1, $2, $3)", [
      userId,
      tokenHash(token),
      expiresAt,
    ]);
  },

  /** The user of an open session, unless the account was disabled since. */
  async user(userId: string, token: string): Promise<User | undefined> {
    const { rows } = await database.query<User>(
      `SELECT u.id, u.email, u.role FROM sessions s JOIN users u ON u.id = s.user_id
       WHERE s.user_id = $1 AND s.token_hash = $2 AND s.expires_at > now() AND u.is_active`,
      [userId, tokenHash(token)],
    );
    return rows[0];
  },

  async close(token: string): Promise<void> {
    await database.query("DELETE FROM sessions WHERE token_hash = $1", [tokenHash(token)]);
  },
});
