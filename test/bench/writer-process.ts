/**
 * One user: updates and inserts connections one after the other in a process of its own, so that it waits for nothing but
 * the database, or at a steady rate. Reads one line of JSON from standard input (never an argument: it holds the password), says `ready`, and at the input's
 * end prints how long the writes took since the last `mark`.
 */
import { createInterface } from "node:readline";
import pg from "pg";
import type { ClusterConnection } from "../database/cluster";

/** Milliseconds. */
export type WriterTimes = { writes: number; longestMs: number; p99Ms: number };

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { connection, perSecond } = JSON.parse((await lines.next()).value as string) as {
  connection: ClusterConnection;
  perSecond?: number;
};
const client = new pg.Client({ ...connection, application_name: "writer" });
await client.connect();
const { rows: known } = await client.query<{ id: string }>(
  "SELECT id FROM connections TABLESAMPLE SYSTEM (1) LIMIT 10000",
);
if (known.length === 0)
  known.push(...(await client.query<{ id: string }>("SELECT id FROM connections LIMIT 1000")).rows);
let times: number[] = [];
let isStopped = false;

void (async () => {
  for (let line = await lines.next(); !line.done; line = await lines.next()) if (line.value === "mark") times = [];
  isStopped = true;
})();

console.log("ready");
const startedAt = performance.now();
for (let n = 0; !isStopped; n += 1) {
  // At a steady rate a write that had to wait for the one before it has waited since its own turn.
  const turn = perSecond === undefined ? performance.now() : startedAt + (n * 1000) / perSecond;
  const early = turn - performance.now();
  if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
  const began = early > 0 ? performance.now() : turn;
  if (n % 4 === 0) {
    await client.query(
      "INSERT INTO connections (user_id, name, provider, encrypted_config) SELECT user_id, 'written', provider, 'sealed' FROM connections WHERE id = $1",
      [known[n % known.length]?.id],
    );
  } else {
    await client.query("UPDATE connections SET status = 'active', updated_at = now() WHERE id = $1", [
      known[(n * 7919) % known.length]?.id,
    ]);
  }
  times.push(performance.now() - began);
}
times.sort((a, b) => a - b);
const result: WriterTimes = {
  writes: times.length,
  longestMs: times.at(-1) ?? 0,
  p99Ms: times[Math.floor(times.length * 0.99)] ?? 0,
};
console.log(JSON.stringify(result));
await client.end();
