import type pg from "pg";
import type { Environment } from "./environment.js";
import type { RedisLink } from "./redis.js";
import { createConnections } from "./stores/connections.js";
import { createPrompts } from "./stores/prompts.js";
import { createSessions } from "./stores/sessions.js";
import { createUsers } from "./stores/users.js";
import { createTokens } from "./tokens.js";

/** All that the routes need. */
export function createServices(environment: Environment, database: pg.Pool, redis: RedisLink) {
  return {
    environment,
    database,
    redis,
    tokens: createTokens(environment.jwtSecret),
    users: createUsers(database),
    sessions: createSessions(database),
    prompts: createPrompts(database),
    connections: createConnections(database),
  };
}

export type Services = ReturnType<typeof createServices>;
