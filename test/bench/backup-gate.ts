import pg from "pg";
import { readContent } from "../../infra/database/backup/content";
import { layOut } from "../../infra/database/backup/layout";
import { writeMarker } from "../../infra/database/backup/marker";
import { proveCopy } from "../../infra/database/backup/proof";
import { readSequences } from "../../infra/database/backup/sequences";
import { migrateTo, readMigrations } from "../../infra/database/migrations";
import { type Cluster, startCluster } from "../database/cluster";
import { dumpAndRestore } from "./dump-and-restore";
import { type BenchResult, benchResult, type Keep } from "./result";
import { whileWriting } from "./writer";

export type BackupGateOptions = {
  /** Sizes of the database, ascending: it grows from one to the next. */
  gigabytes: number[];
  say: (line: string) => void;
  keep: Keep;
};

const writesPerSecond = 200;
const quietSeconds = 15;
const readers = { original: 1, copy: 2 };

/**
 * What the backup gate's own work takes against the database's size: reading before and after the snapshot, then proving the copy.
 * Beside it, on the same server, what the checklist asks people to do: pg_dump, pg_restore into another database, counts of all tables.
 * And what a writer at a steady rate notices of the reading. The copy is made by CREATE DATABASE … TEMPLATE: the same blocks, as a
 * restored snapshot has them; the time of snapshot and restore is RDS's and not in these numbers.
 */
export async function bench({ gigabytes, say, keep }: BackupGateOptions): Promise<void> {
  const cluster = await startCluster({ settings: { max_wal_size: "8GB", shared_buffers: "512MB" } });
  try {
    const connect = connectTo(cluster.connection);
    await migrateTo({ connect, target: 1, migrations: readMigrations() });
    await run(connect, "INSERT INTO users (email, password_hash) VALUES ('bench@example.test', 'x')");
    for (const size of gigabytes) {
      await fill(connect, size);
      keep(await benchOne(cluster, size, say));
    }
  } finally {
    await cluster.stop();
  }
}

async function benchOne(cluster: Cluster, gigabytes: number, say: (line: string) => void): Promise<BenchResult[]> {
  const connect = connectTo(cluster.connection);
  const seconds = async (work: () => Promise<void>): Promise<number> => {
    const startedAt = performance.now();
    await work();
    return (performance.now() - startedAt) / 1000;
  };
  const client = await connect();
  const { rows: counted } = await client.query<{ rows: string }>("SELECT count(*) AS rows FROM connections");
  const rows = Number(counted[0]?.rows);
  const layout = await layOut(client);
  const sequences = await readSequences(client);
  const marker = await writeMarker(client, "a-snapshot");
  await client.end();
  say(`the database holds ${gigabytes} GB, ${rows} connections`);

  const alone = await whileWriting(cluster.connection, () => wait(quietSeconds * 1000), writesPerSecond);
  let before = {};
  const readUnderLoad: number[] = [];
  const noticed = await whileWriting(
    cluster.connection,
    async () => {
      const until = performance.now() + quietSeconds * 1000;
      do
        readUnderLoad.push(
          await seconds(async () => void (before = await readContent(connect, layout, { readers: readers.original }))),
        );
      while (performance.now() < until);
    },
    writesPerSecond,
  );
  let after = {};
  const again = await seconds(
    async () => void (after = await readContent(connect, layout, { readers: readers.original })),
  );
  const maintenance = connectTo({ ...cluster.superuser, database: "postgres" });
  await run(maintenance, `CREATE DATABASE copy TEMPLATE ${cluster.connection.database}`);
  let problems: string[] = [];
  const proof = await seconds(async () => {
    const proved = await proveCopy(
      connectTo({ ...cluster.superuser, database: "copy" }),
      { snapshot: "a-snapshot", marker, layout, sequences, before, after },
      { readers: readers.copy },
    );
    problems = [...proved.integrityProblems, ...proved.contentProblems];
  });
  await run(maintenance, "DROP DATABASE copy");
  if (problems.length > 0) throw new Error(`the copy is whole, and the proof says: ${problems.join("; ")}`);
  const own = (readUnderLoad[0] ?? 0) + again + proof;
  say(
    `own work ${own.toFixed(1)} s: before ${readUnderLoad[0]?.toFixed(1)}, after ${again.toFixed(1)}, copy ${proof.toFixed(1)}`,
  );
  const byHand = await seconds(() => dumpAndRestore(cluster, maintenance));
  say(`pg_dump, pg_restore and counts: ${byHand.toFixed(1)} s`);
  say(`a writer's p99: ${alone.p99Ms.toFixed(1)} ms alone, ${noticed.p99Ms.toFixed(1)} ms while it is read`);
  const name = `backup-gate-${gigabytes}GB`;
  return [
    benchResult(
      `${name}-own-work-s`,
      own,
      "s",
      `${rows} connections: read before in ${readUnderLoad[0]?.toFixed(1)} s and after in ${again.toFixed(1)} s, copy proved in ${proof.toFixed(1)} s; pg_dump, pg_restore and counts: ${byHand.toFixed(1)} s`,
    ),
    benchResult(
      `${name}-dump-and-restore-s`,
      byHand,
      "s",
      "pg_dump, pg_restore, counts of all tables, one after the other",
    ),
    benchResult(
      `${name}-writer-p99-ms`,
      noticed.p99Ms,
      "ms",
      `${writesPerSecond} writes a second; ${alone.p99Ms.toFixed(1)} ms alone`,
    ),
  ];
}

/** Some 1,150 bytes a row with its place in the indexes; at most 200,000 rows a statement. */
async function fill(connect: () => Promise<pg.Client>, gigabytes: number): Promise<void> {
  const client = await connect();
  try {
    for (;;) {
      const { rows } = await client.query<{ bytes: string }>("SELECT pg_database_size(current_database()) AS bytes");
      const missing = gigabytes * 1e9 - Number(rows[0]?.bytes);
      if (missing <= 0) break;
      await client.query(
        `INSERT INTO connections (user_id, name, provider, encrypted_config)
         SELECT (SELECT id FROM users LIMIT 1), format('connection %s', n), 'openai', (SELECT string_agg(md5(random()::text || n || m), '') FROM generate_series(1, 32) AS m)
         FROM generate_series(1, $1) AS n`,
        [Math.min(200_000, Math.ceil(missing / 1_150))],
      );
    }
    await client.query("VACUUM ANALYZE connections");
  } finally {
    await client.end();
  }
}

function connectTo(to: pg.ClientConfig): () => Promise<pg.Client> {
  return async () => {
    const client = new pg.Client(to);
    await client.connect();
    return client;
  };
}

async function run(connect: () => Promise<pg.Client>, sql: string): Promise<void> {
  const client = await connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

const wait = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
