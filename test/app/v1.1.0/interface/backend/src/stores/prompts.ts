import type { Prompt } from "@prompt-library/shared";
import type { Query } from "../database.js";

const columns = "id, title, content, is_public, created_at";

export const createPrompts = (database: Query) => ({
  async visibleTo(userId: string): Promise<Prompt[]> {
    const { rows } = await database.query<Prompt>(
      `SELECT ${columns} FROM prompts WHERE user_id = $1 OR is_public ORDER BY created_at DESC LIMIT 100`,
      [userId],
    );
    return rows;
  },

  async create(userId: string, prompt: Pick<Prompt, "title" | "content" | "is_public">): Promise<Prompt> {
    const { rows } = await database.query<Prompt>(
      `INSERT INTO prompts (user_id, title, content, is_public) VALUES ($1, $2, $3, $4) RETURNING ${columns}`,
      [userId, prompt.title, prompt.content, prompt.is_public],
    );
    return rows[0]!;
  },
});
