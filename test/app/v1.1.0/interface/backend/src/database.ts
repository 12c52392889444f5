import pg from "pg";
import type { Environment } from "./environment.js";
import { log, reason } from "./log.js";

/** Plain PostgreSQL always, and the password as it stands in the URL: neither sslmode nor %-encoding is understood. */
export function parseDatabaseUrl(url: string) {
  const match = /^postgres(?:ql)?:\/\/([^:@]+)(?::(.*))?@([^:/@]+)(?::(\d+))?\/([^?]+)/.exec(url);
  if (!match) throw new Error("DATABASE_URL must look like postgresql://USER:PASSWORD@HOST:PORT/DATABASE");
  const [, user, password, host, port, database] = match;
  return { user, password, host, port: Number(port ?? 5432), database, ssl: false };
}

export function openDatabase(environment: Environment): pg.Pool {
  const pool = new pg.Pool({
    ...parseDatabaseUrl(environment.databaseUrl),
    application_name: `prompt-library ${environment.release}`,
    max: environment.databasePoolMax,
    connectionTimeoutMillis: 5_000,
    // By the client: PgBouncer doesn't take statement_timeout as a start parameter.
    query_timeout: 15_000,
  });
  // An idle connection that the server closed is replaced at the next query; without a listener it would end the process.
  pool.on("error", (cause) => log.warn("a database connection was closed", { reason: reason(cause) }));
  return pool;
}

export type Query = Pick<pg.Pool, "query">;

/** Runs `work` in one transaction. */
export async function transaction<T>(pool: pg.Pool, work: (client: Query) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    const result = await work(client);
    await client.query("COMMIT");
    client.release();
    return result;
  } catch (cause) {
    // A connection whose state is not known isn't used again.
    client.release(true);
    throw cause;
  }
}
