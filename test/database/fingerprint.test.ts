import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Client } from "pg";
import { expect, test } from "vitest";
import { fingerprintDifference, schemaFingerprint } from "../../infra/database/migrations";
import { firstSchema, randomChange, randomFrom, roles } from "./random-schema";
import { type Scratch, useCluster } from "./scratch";

const cluster = useCluster();

const changesPerSeed = 80;
const seeds = process.env.FINGERPRINT_SEEDS?.split(",").map(Number) ?? [1, 2, 3];

test.each(seeds)(
  "pg_dump and the fingerprint see the same changes of a schema (seed %i)",
  { timeout: 600_000 },
  async (seed) => {
    const scratch = await cluster.database();
    const client = await scratch.session({ isSuperuser: true });
    for (const role of roles)
      await client.query(`DO $$ BEGIN CREATE ROLE "${role}"; EXCEPTION WHEN duplicate_object THEN NULL; END $$`);
    await client.query(firstSchema);
    const random = randomFrom(seed);
    const byDump = new Map<string, Seen>();
    const byHash = new Map<string, Seen>();
    let before = await look(scratch, client, []);
    const done: string[] = [];
    for (let changed = 0, tries = 0; changed < changesPerSeed; tries += 1) {
      expect(tries, "nearly every change fails").toBeLessThan(changesPerSeed * 40);
      const sql = randomChange(random);
      if (await fails(client, sql)) continue;
      changed += 1;
      done.push(sql);
      const now = await look(scratch, client, done);
      for (const other of [before, byDump.get(now.dump), byHash.get(now.hash)]) {
        if (other === undefined || (other.dump === now.dump) === (other.hash === now.hash)) continue;
        expect({
          seed,
          since: done.slice(other.place),
          dump: difference(other.dump.split(separator), now.dump.split(separator)),
          fingerprint: fingerprintDifference(other.lines, now.lines),
        }).toBe("both the same, or both another");
      }
      byDump.set(now.dump, now);
      byHash.set(now.hash, now);
      before = now;
    }
  },
);

type Seen = { dump: string; hash: string; lines: string[]; place: number };

async function look(scratch: Scratch, client: Client, done: string[]): Promise<Seen> {
  const { hash, lines } = await schemaFingerprint(client);
  return { dump: await dumpOf(scratch), hash, lines, place: done.length };
}

async function fails(client: Client, sql: string): Promise<boolean> {
  return client.query(sql).then(
    () => false,
    () => true,
  );
}

const separator = "\n\n";

/** What pg_dump writes, in an order of its own: statements, and single rights. */
async function dumpOf(scratch: Scratch): Promise<string> {
  const { superuser, server } = cluster.running();
  const { host, port, user, password } = superuser;
  const { stdout } = await promisify(execFile)(
    join(server.clients, "pg_dump"),
    ["--schema-only", "--no-sync", "-h", host, "-p", String(port), "-U", user, scratch.connection.database],
    { env: { ...process.env, PGPASSWORD: password }, maxBuffer: 64 * 1024 * 1024 },
  );
  return stdout
    .replace(/^(--.*|SET .*;|\\(un)?restrict .*|SELECT pg_catalog\.set_config.*)$/gm, "")
    .split(/\n{2,}|\n(?=GRANT |REVOKE |ALTER DEFAULT )/)
    .map((statement) => statement.trim())
    .sort()
    .join(separator);
}

function difference(before: string[], after: string[]): string[] {
  return [
    ...before.filter((one) => !after.includes(one)).map((one) => `- ${one}`),
    ...after.filter((one) => !before.includes(one)).map((one) => `+ ${one}`),
  ];
}
