import pg from "pg";
import { backfill, migrateTo, readMigrations } from "../../infra/database/migrations";
import { type ClusterConnection, startCluster } from "../database/cluster";
import { seedProviders } from "../database/library";
import { downInOneTransaction, upInOneTransaction } from "./one-transaction";
import { type BenchResult, benchResult, type Keep } from "./result";
import { whileWriting } from "./writer";
import type { WriterTimes } from "./writer-process";

export type WriterStallOptions = {
  /** How many million rows `connections` holds; one run each. */
  millions: number[];
  /** Whether each is measured with a report of 15 s in the way as well. */
  hasReader: boolean;
  say: (line: string) => void;
  keep: Keep;
};

const readerSeconds = 15;

/** How long the writer is watched before anything changes: what it feels then is the machine's own. */
const aloneSeconds = 20;

/** The backfill takes more than a minute per million rows here: larger tables go up and down with provider_id unfilled. */
const largestFilledMillions = 1;

/**
 * The longest stall of a writer, and its p99, while version 2 goes up and down, beside the same change in one transaction; and
 * while the backfill runs. Goal: under 50 ms alone, under 300 ms with the reader, at any size. PostgreSQL 15 with fsync off.
 */
export async function bench(options: WriterStallOptions): Promise<void> {
  for (const millions of options.millions) options.keep(await benchOne(millions, options));
}

async function benchOne(millions: number, options: WriterStallOptions): Promise<BenchResult[]> {
  const { say } = options;
  const cluster = await startCluster({ settings: { max_wal_size: "8GB", shared_buffers: "256MB" } });
  try {
    const { connection } = cluster;
    const connect = async (): Promise<pg.Client> => {
      const client = new pg.Client(connection);
      await client.connect();
      return client;
    };
    const migrations = readMigrations();
    const two = migrations.find(({ version }) => version === 2);
    if (!two) throw new Error("version 2 is gone");
    const goTo = async (target: number): Promise<void> =>
      void (await migrateTo({ connect, target, migrations, options: { deadlineMs: 120_000 } }));
    await goTo(1);
    await withClient(connection, (client) => fill(client, millions * 1_000_000));
    say(`${millions} million rows are there`);

    const results: BenchResult[] = [];
    const measure = async (what: string, reader: boolean, work: () => Promise<void>): Promise<WriterTimes> => {
      const times = await whileWriting(connection, () => (reader ? withReader(connection, work) : work()));
      say(
        `${what}${reader ? " with the reader" : ""}: longest ${times.longestMs.toFixed(1)} ms, p99 ${times.p99Ms.toFixed(1)} ms of ${times.writes} writes`,
      );
      return times;
    };
    const alone = await measure(
      "nothing else",
      false,
      () => new Promise((resolve) => setTimeout(resolve, aloneSeconds * 1000)),
    );
    results.push(
      benchResult(
        `writer-stall-alone-${millions}M-ms`,
        alone.longestMs,
        "ms",
        `what this machine does to a writer in ${aloneSeconds} s without any change; p99 ${alone.p99Ms.toFixed(1)} ms`,
      ),
    );
    const inOne = (sql: string) => () => withClient(connection, async (client) => void (await client.query(sql)));
    for (const reader of options.hasReader ? [false, true] : [false]) {
      const scriptUp = await measure("one transaction up", reader, inOne(upInOneTransaction(two)));
      const scriptDown = await measure("one transaction down", reader, inOne(downInOneTransaction));
      const up = await measure("up", reader, () => goTo(2));
      const suffix = `${millions}M${reader ? "-reader" : ""}`;
      if (!reader && millions <= largestFilledMillions) {
        await withClient(connection, seedProviders);
        const filling = await measure("backfill", reader, async () => void (await backfill({ connect })));
        results.push(
          benchResult(`writer-stall-backfill-${suffix}-ms`, filling.longestMs, "ms"),
          benchResult(`writer-stall-backfill-p99-${suffix}-ms`, filling.p99Ms, "ms"),
        );
      }
      const down = await measure("down", reader, () => goTo(1));
      const beside = (times: WriterTimes): string =>
        `in one transaction: longest ${times.longestMs.toFixed(1)} ms, p99 ${times.p99Ms.toFixed(1)} ms`;
      results.push(
        benchResult(`writer-stall-up-${suffix}-ms`, up.longestMs, "ms", beside(scriptUp)),
        benchResult(`writer-stall-up-p99-${suffix}-ms`, up.p99Ms, "ms", beside(scriptUp)),
        benchResult(`writer-stall-down-${suffix}-ms`, down.longestMs, "ms", beside(scriptDown)),
        benchResult(`writer-stall-down-p99-${suffix}-ms`, down.p99Ms, "ms", beside(scriptDown)),
      );
      // What the rollback kept would be taken back by the script's measurement that follows: each starts from the same.
      await withClient(connection, async (client) => void (await client.query("DROP SCHEMA rollback_keep CASCADE")));
    }
    return results;
  } finally {
    await cluster.stop();
  }
}

async function fill(client: pg.Client, rows: number): Promise<void> {
  await client.query(
    "INSERT INTO users (email, password_hash) SELECT format('user-%s@example.test', n), 'x' FROM generate_series(1, 1000) AS n",
  );
  await client.query(
    `INSERT INTO connections (user_id, name, provider, encrypted_config)
     SELECT known.ids[1 + n % 1000], format('connection %s', n), (ARRAY['openai', 'bedrock', 'anthropic', 'microsoft-copilot'])[1 + n % 4], repeat('x', 64)
     FROM generate_series(1, $1) AS n, (SELECT array_agg(id) AS ids FROM users) AS known`,
    [rows],
  );
  await client.query("VACUUM ANALYZE connections");
}

/** A report that has begun to read connections before `work` starts and ends 15 s later. */
async function withReader(connection: ClusterConnection, work: () => Promise<void>): Promise<void> {
  await withClient(connection, async (client) => {
    await client.query("BEGIN");
    await client.query("SELECT FROM connections LIMIT 1");
    const reading = client
      .query(`SELECT pg_sleep(${readerSeconds}) FROM connections LIMIT 1`)
      .then(() => client.query("COMMIT"));
    await work();
    await reading;
  });
}

async function withClient(connection: ClusterConnection, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
