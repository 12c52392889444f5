import pg from "pg";
import { roleNames } from "../roles";
import type { StepInput } from "./input";
import type { RemoteHost } from "./remote-host";

/** Connects as one of the roles through the host; the server's certificate must bear the database's name. */
export async function connectAs(role: keyof typeof roleNames, host: RemoteHost, input: StepInput): Promise<pg.Client> {
  const { database, settings } = input;
  const tunnel = await host.tunnel({ address: database.address, port: database.port });
  const client = new pg.Client({
    host: "127.0.0.1",
    port: tunnel.localPort,
    user: roleNames[role],
    password: settings.secrets[`${role}Password`],
    database: database.name,
    application_name: `${settings.app.name} deployment`,
    connectionTimeoutMillis: 20_000,
    ssl: { ca: database.certificateAuthority, servername: database.address },
  });
  client.once("end", tunnel.close);
  try {
    await client.connect();
  } catch (error) {
    tunnel.close();
    throw new Error(
      `connecting to ${database.address} as ${roleNames[role]} failed: ${error instanceof Error ? error.message : String(error)}`,
    );
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
