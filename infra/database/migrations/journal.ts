import type { Client } from "pg";
import pg from "pg";
import type { Blocker } from "./blockers";
import { type HeldLock, type Limits, transactionText } from "./budget";
import { MigrationError } from "./errors";
import type { Migration } from "./files";
import { label } from "./hash-chain";
import { type JournalRow, type SchemaState, schemaStateOf } from "./journal-state";

/** What marks the rows that this program wrote: an application may write its own into the same table. */
export const program = "prompt-library-deployment";

/** What the journal keeps of each unit. Milliseconds. */
export type UnitEntry = {
  unit: number;
  summary: string;
  attempts: number;
  totalMs: number;
  /** The longest that one transaction of it ran, and so the longest that it held a lock. */
  longestLockMs: number;
  /** On tables that were there before the version went up or down. */
  locks: HeldLock[];
  rows?: number;
  blockers: Blocker[];
};

const columns = ["id", "migration_name", "executed_at", "executed_by", "status", "details"];

/** Makes the journal where there is none. @throws when a table of that name lacks a column. */
export async function ensureJournal(client: Client, limits: Limits): Promise<void> {
  if (!(await hasJournal(client))) {
    const create = `CREATE TABLE IF NOT EXISTS public.migration_audit (
      id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      migration_name varchar(255) NOT NULL,
      executed_at timestamptz NOT NULL DEFAULT now(),
      executed_by varchar(255) NOT NULL DEFAULT current_user,
      status varchar(50) NOT NULL,
      details jsonb NOT NULL DEFAULT '{}'
    )`;
    await client.query(transactionText([create], limits, {}));
  }
  const { rows } = await client.query<{ column_name: string }>(
    "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = 'migration_audit'",
  );
  const missing = columns.filter((column) => !rows.some((row) => row.column_name === column));
  if (missing.length > 0) {
    throw new MigrationError(
      "journal-unfit",
      `public.migration_audit is there but has no ${missing.join(", ")}: it is not the journal. Nothing was changed.`,
      { changed: "nothing" },
    );
  }
}

async function hasJournal(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>(
    "SELECT to_regclass('public.migration_audit') IS NOT NULL AS found",
  );
  return rows[0]?.found === true;
}

type Raw = { id: string; migration_name: string; status: string; details: RawDetails };
type RawDetails = {
  version: number;
  direction: "up" | "down";
  chain: string;
  adopted?: boolean;
  checkpoint?: { unit: number; key: string };
};

/** This program's rows, oldest first, but for those that failed before they had changed anything; none where there is no journal. */
export async function readJournal(client: Client): Promise<JournalRow[]> {
  if (!(await hasJournal(client))) return [];
  const { rows } = await client.query<Raw>(
    `SELECT id, migration_name, status, details FROM public.migration_audit
     WHERE details ->> 'program' = $1 AND details ? 'version' AND NOT details ? 'unchanged' ORDER BY (details ->> 'sequence')::bigint`,
    [program],
  );
  return rows.map(({ id, migration_name: name, status, details }) => ({
    id,
    version: Number(details.version),
    name,
    direction: details.direction,
    status: status as JournalRow["status"],
    chain: details.chain,
    isAdopted: details.adopted === true,
    ...(details.checkpoint ? { checkpoint: details.checkpoint } : {}),
  }));
}

/** The database's version and what is half done, if anything. */
export async function schemaState(client: Client): Promise<SchemaState> {
  return schemaStateOf(await readJournal(client));
}

/** The version that is whole and verified; 0 when there is nothing. */
export async function schemaVersion(client: Client): Promise<number> {
  return (await schemaState(client)).version;
}

/** Writes `running` and answers the row's id. Whatever an earlier run left running was interrupted: the advisory lock is ours. */
export async function beginEntry(
  client: Client,
  entry: {
    migration: Migration;
    direction: "up" | "down";
    isAdopted: boolean;
    /** The schema was already half way when this began. */
    isContinued: boolean;
    schemaBefore: string[];
    checkpoint?: { unit: number; key: string };
    /** The id of the entry that failed. */
    undoes?: string;
  },
): Promise<string> {
  const { migration, direction, isAdopted, isContinued, checkpoint, undoes, schemaBefore } = entry;
  await interruptRunning(client);
  return insertEntry(client, label(migration), {
    version: migration.version,
    direction,
    chain: migration.chain,
    adopted: isAdopted,
    continued: isContinued,
    schemaBefore,
    ...(checkpoint ? { checkpoint } : {}),
    ...(undoes ? { undoes } : {}),
  });
}

/** What still says running was killed. */
export async function interruptRunning(client: Client): Promise<void> {
  await client.query(
    `UPDATE public.migration_audit SET status = 'failed', details = details || '{"error": "interrupted: the run that did this was killed or lost its connection"}'
     WHERE status = 'running' AND details ->> 'program' = $1`,
    [program],
  );
}

/** Writes a `running` row under `name`. */
export async function insertEntry(client: Client, name: string, details: Record<string, unknown>): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    `INSERT INTO public.migration_audit (id, migration_name, executed_at, executed_by, status, details)
     SELECT gen_random_uuid(), $1, clock_timestamp(), current_user, 'running', $2::jsonb || jsonb_build_object('program', $3::text, 'sequence',
       (SELECT coalesce(max((details ->> 'sequence')::bigint), 0) + 1 FROM public.migration_audit WHERE details ->> 'program' = $3::text))
     RETURNING id`,
    [name, JSON.stringify(details), program],
  );
  return rows[0]?.id ?? "";
}

/** Adds to the row's details. */
export async function noteEntry(client: Client, id: string, details: Record<string, unknown>): Promise<void> {
  await client.query("UPDATE public.migration_audit SET details = details || $2::jsonb WHERE id = $1", [
    id,
    JSON.stringify(details),
  ]);
}

export async function failEntry(client: Client, id: string, details: Record<string, unknown>): Promise<void> {
  await client.query(
    "UPDATE public.migration_audit SET status = 'failed', details = details || $2::jsonb WHERE id = $1",
    [id, JSON.stringify(details)],
  );
}

/**
 * The last word of a direction, in one transaction with what the application's own journal has to say: `completed` for
 * the upgrade; for the downgrade `reverted`, and the entries of the upgrade with it.
 */
export async function finishEntry(
  client: Client,
  entry: {
    id: string;
    version: number;
    direction: "up" | "down";
    details: Record<string, unknown>;
    alsoRecord: string[];
  },
  limits: Limits,
): Promise<void> {
  const { id, version, direction, details, alsoRecord } = entry;
  const literal = pg.escapeLiteral(id);
  const reverted = `UPDATE public.migration_audit SET status = 'reverted'
     WHERE status = 'completed' AND details ->> 'program' = ${pg.escapeLiteral(program)} AND details ->> 'version' = '${version}'`;
  const own = `UPDATE public.migration_audit SET status = '${direction === "up" ? "completed" : "reverted"}',
     details = (details - 'checkpoint') || ${pg.escapeLiteral(JSON.stringify(details))}::jsonb WHERE id = ${literal}`;
  await client.query(transactionText([...alsoRecord, ...(direction === "down" ? [reverted] : []), own], limits, {}));
}

/** The schema as it was before this version last went up, as lines of `schemaFingerprint`; none where somebody else had made it by then. */
export async function schemaBefore(client: Client, version: number): Promise<string[] | undefined> {
  const { rows } = await client.query<{ before: string[] | null }>(
    `SELECT CASE WHEN details ->> 'adopted' = 'true' THEN NULL ELSE details -> 'schemaBefore' END AS before FROM public.migration_audit
     WHERE details ->> 'program' = $1 AND details ->> 'version' = $2 AND details ->> 'direction' = 'up' AND details ->> 'continued' = 'false'
     ORDER BY (details ->> 'sequence')::bigint DESC LIMIT 1`,
    [program, String(version)],
  );
  return rows[0]?.before ?? undefined;
}

/** The schema as it was when this version had last gone up, by us or by whoever was there first. */
export async function schemaAfter(client: Client, version: number): Promise<string[] | undefined> {
  const { rows } = await client.query<{ after: string[] | null }>(
    `SELECT details -> 'schemaAfter' AS after FROM public.migration_audit
     WHERE details ->> 'program' = $1 AND details ->> 'version' = $2 AND details ->> 'direction' = 'up' AND status = 'completed'
     ORDER BY (details ->> 'sequence')::bigint DESC LIMIT 1`,
    [program, String(version)],
  );
  return rows[0]?.after ?? undefined;
}
