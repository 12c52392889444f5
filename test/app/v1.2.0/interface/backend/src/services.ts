import type pg from "pg";
import type { Environment } from "./environment.js";
import { createProbe, readEndpointOverride } from "./provider-probe.js";
import type { RedisLink } from "./redis.js";
import { createRegistry } from "./registry.js";
import { createConnections } from "./stores/connections.js";
import { createPrompts } from "./stores/prompts.js";
import { createProviders } from "./stores/providers.js";
import { createSessions } from "./stores/sessions.js";
import { createTemplates } from "./stores/templates.js";
import { createUsers } from "./stores/users.js";
import { createTokens } from "./tokens.js";

/** All that the routes need. */
export function createServices(environment: Environment, database: pg.Pool, redis: RedisLink) {
  const providers = createProviders(database);
  return {
    environment,
    database,
    redis,
    providers,
    registry: createRegistry(providers, redis),
    probe: createProbe(readEndpointOverride(process.env)),
    templates: createTemplates(database),
    tokens: createTokens(environment.jwtSecret),
    users: createUsers(database),
    sessions: createSessions(database),
    prompts: createPrompts(database),
    connections: createConnections(database),
  };
}

export type Services = ReturnType<typeof createServices>;
