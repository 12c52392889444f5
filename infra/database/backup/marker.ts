import { randomUUID } from "node:crypto";
import type pg from "pg";
import { limitsOf } from "../migrations/budget";
import { ensureJournal, program } from "../migrations/journal";
import { defaultOptions } from "../migrations/options";

/** A row written right before the snapshot, and looked for in the copy: it shows that the copy is of this snapshot and no older one. */
export type Marker = { id: string; writtenAt: Date };

/** In the journal, which is made where there is none yet; no schema version looks at it. */
export const markerName = "backup-marker";

export async function writeMarker(client: pg.Client, snapshot: string): Promise<Marker> {
  await ensureJournal(client, limitsOf(defaultOptions, false));
  const { rows } = await client.query<{ id: string; executed_at: Date }>(
    `INSERT INTO public.migration_audit (id, migration_name, executed_at, executed_by, status, details)
     VALUES ($1, $2, clock_timestamp(), current_user, 'completed', $3) RETURNING id, executed_at`,
    [randomUUID(), markerName, JSON.stringify({ program, snapshot })],
  );
  const row = rows[0];
  if (row === undefined) throw new Error("the marker row was not written");
  return { id: row.id, writtenAt: row.executed_at };
}

/** @returns the snapshot that the marker names, or undefined where the row is not there */
export async function findMarker(client: pg.Client, marker: Marker): Promise<string | undefined> {
  const { rows: tables } = await client.query<{ found: boolean }>(
    "SELECT to_regclass('public.migration_audit') IS NOT NULL AS found",
  );
  if (tables[0]?.found !== true) return undefined;
  const { rows } = await client.query<{ snapshot: string }>(
    "SELECT details ->> 'snapshot' AS snapshot FROM public.migration_audit WHERE id = $1 AND migration_name = $2",
    [marker.id, markerName],
  );
  return rows[0]?.snapshot;
}
