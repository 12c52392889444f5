import type pg from "pg";
import { z } from "zod";
import { tableExists } from "../database/checklist-queries";

/** Connections as stored in the database, without their secrets. The sample is chosen by id, so that the next one has the same rows. */
export const connectionsSeenSchema = z.strictObject({
  count: z.int().min(0),
  sample: z.array(z.strictObject({ id: z.string(), status: z.string(), fingerprint: z.string() })),
});

export type ConnectionsSeen = z.infer<typeof connectionsSeenSchema>;

export const sampleSize = 200;

/** Reads as a role that may read all of them. Null if the table does not exist yet. */
export async function seeConnections(client: pg.Client, ids?: readonly string[]): Promise<ConnectionsSeen | null> {
  if (!(await tableExists(client, "connections"))) return null;
  const { rows: counted } = await client.query<{ count: string }>("select count(*) as count from connections");
  const { rows: sample } = await client.query<ConnectionsSeen["sample"][number]>(
    `select id::text, coalesce(status, '') as status, md5(encrypted_config::text) as fingerprint
     from connections where $1::text[] is null or id::text = any($1) order by md5(id::text) limit ${sampleSize}`,
    [ids ?? null],
  );
  return { count: Number(counted[0]?.count), sample };
}

/**
 * Whether the release left alone the connections that existed before it started. Users keep working meanwhile, so a few may be gone
 * or changed.
 * @throws Error naming how many are gone, changed or now marked as broken
 */
export function compareConnections(before: ConnectionsSeen, after: ConnectionsSeen, changedPercent: number): string {
  const now = new Map(after.sample.map((row) => [row.id, row]));
  const gone = before.sample.filter(({ id }) => !now.has(id));
  const changed = before.sample.filter(
    ({ id, fingerprint }) => now.has(id) && now.get(id)?.fingerprint !== fingerprint,
  );
  const broken = before.sample.filter(
    ({ id, status }) => now.has(id) && status !== "error" && now.get(id)?.status === "error",
  );
  const seen = `${before.count} connections before, ${after.count} now; of ${before.sample.length} sampled, ${gone.length} are gone, ${changed.length} have other credentials, ${broken.length} are now marked as broken`;
  const worse = new Set([...gone, ...changed, ...broken].map(({ id }) => id)).size;
  if (worse * 100 > before.sample.length * changedPercent)
    throw new Error(
      `${seen}: more than the ${changedPercent} % that users may change meanwhile (verification.connectionsChangedPercent)`,
    );
  return seen;
}
