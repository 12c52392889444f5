/**
 * A migration in a process of its own, to be killed. Reads one JSON object from standard input (never an argument: it holds the
 * password) and prints each progress event as a line.
 * With `killAt`, it kills itself at that boundary: just before (`unit-started`) or after (`unit-finished`) that many units, or batches.
 */
import { text } from "node:stream/consumers";
import pg from "pg";
import {
  backfill,
  type MigrationOptions,
  migrateTo,
  type ProgressEvent,
  readMigrations,
} from "../../infra/database/migrations";
import type { ClusterConnection } from "./cluster";

export type MigrateProcessInput = {
  connection: ClusterConnection;
  work: { kind: "migrate"; target: number } | { kind: "backfill" };
  options: Partial<MigrationOptions>;
  killAt?: { kind: ProgressEvent["kind"]; count: number };
};

const { connection, work, options, killAt } = JSON.parse(await text(process.stdin)) as MigrateProcessInput;
const connect = async (): Promise<pg.Client> => {
  const client = new pg.Client(connection);
  await client.connect();
  return client;
};
let count = 0;
const progress = (event: ProgressEvent): void => {
  console.log(JSON.stringify(event));
  if (event.kind === killAt?.kind && (count += 1) === killAt.count) process.kill(process.pid, "SIGKILL");
};
try {
  if (work.kind === "backfill") await backfill({ connect, options, progress });
  else await migrateTo({ connect, target: work.target, migrations: readMigrations(), options, progress });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
