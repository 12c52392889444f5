import pg from "pg";
import { roleNames, servingRole } from "../core/role-names";
import type { RemoteHost } from "../host/remote-host";
import { explainConnection } from "./connection-failure";
import type { StepInput } from "./input";

/** What one statement may take: to look something up, or to read, check or build all that a table holds. */
export const statementLimitsMs = { lookup: 300_000, whole: 2 * 3_600_000 };

export type StatementLimit = keyof typeof statementLimitsMs;

/**
 * For each statement of a session, so that none waits without end: the server breaks off what takes longer or waits longer for a lock,
 * and the client gives up where the server does not even do that.
 */
export function sessionLimits(limit: StatementLimit, { lockTimeoutMs = 30_000 } = {}) {
  const statementMs = statementLimitsMs[limit];
  return { lock_timeout: lockTimeoutMs, statement_timeout: statementMs, query_timeout: statementMs + 30_000 };
}

/** Connects as one of the roles through the host; the server's certificate must bear the database's name. */
export async function connectAs(
  role: keyof typeof roleNames,
  host: RemoteHost,
  input: StepInput,
  limit: StatementLimit = "lookup",
): Promise<pg.Client> {
  return connectTo(
    input.database,
    { user: roleNames[role], password: input.settings.secrets[`${role}Password`] },
    host,
    input,
    limit,
  );
}

/** Runs one statement as the role that the release serves with. @returns how many rows it changed */
export async function executeAsServing(
  context: { connect: (role: "owner" | "app") => Promise<pg.Client>; input: Pick<StepInput, "settings"> },
  statement: string,
  values: readonly string[],
): Promise<number> {
  const role = servingRole(context.input.settings.database.migrations);
  return withClient(
    context.connect(role),
    async (client) => (await client.query(statement, [...values])).rowCount ?? 0,
  );
}

/** The same to another server that the host reaches, such as a restored copy, with the login given. */
export async function connectTo(
  server: { address: string; port: number },
  login: { user: string; password: string },
  host: RemoteHost,
  input: StepInput,
  limit: StatementLimit = "lookup",
): Promise<pg.Client> {
  const tunnel = await host.tunnel(server);
  const client = new pg.Client({
    host: "127.0.0.1",
    port: tunnel.localPort,
    ...login,
    database: input.database.name,
    application_name: `${input.settings.app.name} deployment`,
    connectionTimeoutMillis: 20_000,
    ...sessionLimits(limit),
    ssl: { ca: input.database.certificateAuthority, servername: server.address },
  });
  client.once("end", tunnel.close);
  // A connection that is lost between two statements would end the program: the next statement reports it.
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (error) {
    tunnel.close();
    throw explainConnection({ address: server.address, database: input.database.name, user: login.user }, error);
  }
  return client;
}

/** Runs something with a connection and ends it, whatever happens. */
export async function withClient<T>(client: Promise<pg.Client>, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const open = await client;
  try {
    return await work(open);
  } finally {
    await open.end();
  }
}
