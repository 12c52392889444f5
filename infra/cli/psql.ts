import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInTerminal } from "../core/program";
import { roleNames } from "../core/role-names";
import type { Looked } from "./look";
import { lastInput } from "./stack-input";

export type PsqlOptions = { role: keyof typeof roleNames; command?: string };

/** psql's own exit codes: 2 where it got no connection, 3 where a statement failed. */
const notConnected = 2;

/** Opens psql on the stack's database through the host; the server's certificate must bear the database's name. */
export async function psql({ stack, state, open }: Looked, { role, command }: PsqlOptions): Promise<boolean> {
  const { input, host } = await open("evidence", lastInput(stack, state));
  const { database, settings } = input;
  const tunnel = await host.tunnel(database);
  const directory = await mkdtemp(join(tmpdir(), "psql-"));
  try {
    const authority = join(directory, "database-ca.pem");
    await writeFile(authority, database.certificateAuthority);
    const code = await runInTerminal(
      "psql",
      ["--no-psqlrc", "--set=ON_ERROR_STOP=1", ...(command === undefined ? [] : ["--command", command])],
      {
        PGHOST: database.address,
        PGHOSTADDR: "127.0.0.1",
        PGPORT: String(tunnel.localPort),
        PGDATABASE: database.name,
        PGUSER: roleNames[role],
        // In the environment of psql alone: a command line is in every process list.
        PGPASSWORD: settings.secrets[`${role}Password`],
        PGSSLMODE: "verify-full",
        PGSSLROOTCERT: authority,
        PGCONNECT_TIMEOUT: "30",
        PGAPPNAME: `${settings.app.name} psql`,
      },
    );
    if (code === notConnected) throw new Error(`psql got no connection to ${database.address}`);
    return code === 0;
  } finally {
    tunnel.close();
    await rm(directory, { recursive: true, force: true });
  }
}
