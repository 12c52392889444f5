import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import pg from "pg";
import type { Cluster } from "../database/cluster";

/** What the checklist asks people to do by hand: a dump, restored into another database, and the rows of every table counted in both. */
export async function dumpAndRestore(cluster: Cluster, maintenance: () => Promise<pg.Client>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "dump-"));
  const { host, port, user, password } = cluster.superuser;
  const env = { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password };
  const admin = await maintenance();
  try {
    await admin.query("CREATE DATABASE restored");
    const file = join(directory, "dump");
    await execa(join(cluster.server.clients, "pg_dump"), ["-Fc", "-f", file, cluster.connection.database], { env });
    await execa(join(cluster.server.clients, "pg_restore"), ["-d", "restored", file], { env });
    const [original, restored] = [
      await counts({ ...cluster.superuser, database: cluster.connection.database }),
      await counts({ ...cluster.superuser, database: "restored" }),
    ];
    if (original !== restored) throw new Error(`the counts differ: ${original} and ${restored}`);
  } finally {
    await admin.query("DROP DATABASE IF EXISTS restored");
    await admin.end();
    await rm(directory, { recursive: true, force: true });
  }
}

async function counts(to: pg.ClientConfig): Promise<string> {
  const client = new pg.Client(to);
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      "SELECT format('%I.%I', schemaname, relname) AS name FROM pg_stat_user_tables ORDER BY 1",
    );
    const found: string[] = [];
    for (const { name } of rows) {
      const { rows: counted } = await client.query<{ rows: string }>(`SELECT count(*) AS rows FROM ${name}`);
      found.push(`${name} ${counted[0]?.rows}`);
    }
    return found.join(", ");
  } finally {
    await client.end();
  }
}
