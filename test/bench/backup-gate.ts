import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RDSClient } from "@aws-sdk/client-rds";
import { stackInput } from "../../infra/cli/stack-input";
import { openContext } from "../../infra/context/context";
import { withClient } from "../../infra/context/database-connection";
import type { StepInput } from "../../infra/context/input";
import { ownerOf } from "../../infra/context/owner";
import { deleteSnapshot, stackSnapshots } from "../../infra/database/backup/snapshots";
import { backup } from "../../infra/phases/backup/backup";
import { endRehearsal, prepareRehearsal } from "../rehearsal/rehearsal";
import { type BenchResult, benchResult, type Keep } from "./result";

export type BackupGateOptions = {
  /** Sizes of the database, ascending: it grows from one to the next. */
  gigabytes: number[];
  say: (line: string) => void;
  keep: Keep;
};

const stack = "backup-gate";

/**
 * How long the backup gate takes from its first word to the copy's removal, against the database's size: on a stack and a local cloud
 * of its own, whose snapshot is a base backup on the same disk. RDS's own times have nothing to do with these; the proof's share has.
 */
export async function bench({ gigabytes, say, keep }: BackupGateOptions): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), "backup-gate-"));
  try {
    const { pulumi } = await prepareRehearsal({ stack, home, log: say });
    const up = await pulumi.capture("up", "--yes", "--skip-preview", "--color", "never");
    if (up.exitCode !== 0) throw new Error(`the stack did not come up:\n${up.output.slice(-4000)}`);
    const found = await stackInput(stack);
    // The gate alone, as if schema 2 were asked for.
    const input: StepInput = { ...found, settings: { ...found.settings, schemaVersion: 2 } };
    for (const size of gigabytes) keep(await benchOne(input, size, say));
  } finally {
    await endRehearsal({ home, log: say });
    await rm(home, { recursive: true, force: true });
  }
}

async function benchOne(input: StepInput, gigabytes: number, say: (line: string) => void): Promise<BenchResult[]> {
  const context = openContext("backup", input, new Date());
  try {
    const rows = await withClient(context.connect("owner"), async (client) => {
      for (;;) {
        const {
          rows: [size],
        } = await client.query<{ bytes: string }>("SELECT pg_database_size(current_database()) AS bytes");
        const missing = gigabytes * 1e9 - Number(size?.bytes);
        if (missing <= 0) break;
        // Some 1,150 bytes a row with its place in the indexes; at most 200,000 rows a statement.
        await client.query(
          `INSERT INTO connections (user_id, name, provider, encrypted_config)
           SELECT (SELECT id FROM users LIMIT 1), format('connection %s', n), 'openai', (SELECT string_agg(md5(random()::text || n || m), '') FROM generate_series(1, 32) AS m)
           FROM generate_series(1, $1) AS n`,
          [Math.min(200_000, Math.ceil(missing / 1_150))],
        );
      }
      await client.query("VACUUM ANALYZE connections");
      const {
        rows: [count],
      } = await client.query<{ rows: string }>("SELECT count(*) AS rows FROM connections");
      return Number(count?.rows);
    });
    say(`the database holds ${gigabytes} GB, ${rows} connections`);
    const startedAt = performance.now();
    await backup(context);
    const seconds = (performance.now() - startedAt) / 1000;
    const parts = context.details.proofSeconds as Record<string, number>;
    const { snapshotSeconds } = context.details as { snapshotSeconds: number };
    const beside = `${rows} connections: snapshot ${snapshotSeconds.toFixed(1)} s, restore ${parts.restore?.toFixed(1)} s, proof ${parts.proof?.toFixed(1)} s`;
    say(`${seconds.toFixed(1)} s; ${beside}`);
    const rds = new RDSClient({ region: input.settings.target.region });
    for (const { id } of await stackSnapshots(rds, ownerOf(input))) await deleteSnapshot(rds, id);
    return [benchResult(`backup-gate-${gigabytes}GB-s`, seconds, "s", beside)];
  } finally {
    await context.host.close();
  }
}
