export type Environment = {
  nodeEnv: string;
  port: number;
  databaseUrl: string;
  databasePoolMax: number;
  redisUrl: string;
  jwtSecret: string;
  encryptionKey: Buffer;
  frontendUrl: string;
  rateLimitMax: number;
  admin: { email: string; password: string } | undefined;
  release: string;
  commit: string | undefined;
};

type Rule = { pattern: RegExp; must: string };

const required: Record<string, Rule> = {
  NODE_ENV: { pattern: /^(production|development|test)$/, must: "be production, development or test" },
  PORT: { pattern: /^[1-9]\d{0,4}$/, must: "be a port number" },
  DATABASE_URL: { pattern: /^postgres(ql)?:\/\/.+@.+\/.+$/, must: "look like postgresql://USER:PASSWORD@HOST:PORT/DATABASE" },
  REDIS_URL: { pattern: /^rediss?:\/\/.+$/, must: "look like redis://HOST:PORT/NUMBER" },
  JWT_SECRET: { pattern: /^.{32,}$/, must: "have at least 32 characters" },
  ENCRYPTION_KEY: { pattern: /^[0-9a-fA-F]{64}$/, must: "be 64 hexadecimal digits" },
  FRONTEND_URL: { pattern: /^https?:\/\/[^/]+\/?$/, must: "be an origin such as https://prompts.example.com" },
};

const optional: Record<string, Rule> = {
  RATE_LIMIT_MAX: { pattern: /^[1-9]\d*$/, must: "be a number of requests" },
  DATABASE_POOL_MAX: { pattern: /^[1-9]\d*$/, must: "be a number of connections" },
};

/**
 * Reads the settings of the process.
 * @throws Error naming every variable that is missing or malformed, and never a value
 */
export function readEnvironment(variables: NodeJS.ProcessEnv): Environment {
  const problems = [
    ...Object.entries(required).flatMap(([name, rule]) =>
      variables[name] ? unless(rule, name, variables[name]) : [`${name} is missing`],
    ),
    ...Object.entries(optional).flatMap(([name, rule]) =>
      variables[name] ? unless(rule, name, variables[name]) : [],
    ),
  ];
  if (problems.length > 0) throw new Error(`environment: ${problems.join("; ")}`);

  const value = (name: string, fallback = "") => variables[name] || fallback;
  return {
    nodeEnv: value("NODE_ENV"),
    port: Number(value("PORT")),
    databaseUrl: value("DATABASE_URL"),
    databasePoolMax: Number(value("DATABASE_POOL_MAX", "10")),
    redisUrl: value("REDIS_URL"),
    jwtSecret: value("JWT_SECRET"),
    encryptionKey: Buffer.from(value("ENCRYPTION_KEY"), "hex"),
    frontendUrl: value("FRONTEND_URL").replace(/\/$/, ""),
    rateLimitMax: Number(value("RATE_LIMIT_MAX", "1500")),
    admin:
      variables.ADMIN_EMAIL && variables.ADMIN_PASSWORD
        ? { email: variables.ADMIN_EMAIL.toLowerCase(), password: variables.ADMIN_PASSWORD }
        : undefined,
    release: value("RELEASE", "unknown"),
    commit: variables.COMMIT || undefined,
  };
}

function unless(rule: Rule, name: string, value: string): string[] {
  return rule.pattern.test(value) ? [] : [`${name} must ${rule.must}`];
}
