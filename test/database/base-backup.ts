import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import pg from "pg";
import { freePort } from "../free-port";
import type { ClusterConnection } from "./cluster";
import { serverOf } from "./servers";

/** Runs something with a second server, started from a base backup of the first one as it is at this moment: what a restored snapshot is. */
export async function withBaseBackup<T>(
  of: ClusterConnection,
  work: (connect: (to: { database: string }) => Promise<pg.Client>) => Promise<T>,
  meanwhile: () => Promise<void> = async () => undefined,
): Promise<T> {
  const { programs, clients } = await serverOf();
  const directory = await mkdtemp(join(tmpdir(), "base-backup-"));
  const data = join(directory, "data");
  const asPostgres = (program: string, ...args: string[]) =>
    execa("setpriv", ["--reuid", "postgres", "--regid", "postgres", "--clear-groups", program, ...args], {
      cwd: directory,
      env: { PGPASSWORD: of.password },
      stdio: ["ignore", "ignore", "pipe"],
      timeout: 120_000,
    });
  await execa("chown", ["postgres:postgres", directory]);
  let isStarted = false;
  try {
    const from = ["-h", of.host, "-p", String(of.port), "-U", of.user];
    await asPostgres(
      join(clients, "pg_basebackup"),
      ...from,
      "-D",
      data,
      "-X",
      "fetch",
      "--checkpoint=fast",
      "--no-sync",
    );
    await meanwhile();
    const port = await freePort();
    const options = `-c port=${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off`;
    await asPostgres(join(programs, "pg_ctl"), "-D", data, "-w", "-o", options, "-l", join(directory, "log"), "start");
    isStarted = true;
    return await work(async ({ database }) => {
      const client = new pg.Client({ ...of, port, database });
      await client.connect();
      return client;
    });
  } finally {
    if (isStarted) await asPostgres(join(programs, "pg_ctl"), "-D", data, "-m", "immediate", "stop");
    await rm(directory, { recursive: true, force: true });
  }
}
