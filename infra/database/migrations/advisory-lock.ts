import type { Client } from "pg";
import { MigrationError } from "./errors";
import type { MigrationOptions } from "./options";
import type { Progress } from "./progress";
import { pause, type Sessions } from "./session";

/** Ours alone: the two halves of an arbitrary number, the same in every version of this program. */
const key = [1_886_151_781, 1_835_624_306] as const;
const pollMs = 250;

/**
 * Holds migrations apart. The lock belongs to the session that works, so it cannot outlive it. It is asked for again and
 * again, never waited for: a waiting session would hold a snapshot, and an index built concurrently would wait for that.
 *
 * @throws MigrationError when another one still holds it at the deadline; the message says who.
 */
export async function takeLock({ worker }: Sessions, options: MigrationOptions, progress: Progress): Promise<void> {
  const deadline = Date.now() + options.deadlineMs;
  let told = "";
  for (;;) {
    const { rows } = await worker.query<{ taken: boolean }>("SELECT pg_try_advisory_lock($1, $2) AS taken", [...key]);
    if (rows[0]?.taken) return;
    const holder = await lockHolder(worker);
    const who = holder ?? "a session that has just ended";
    if (Date.now() > deadline) {
      throw new MigrationError(
        `Another migration holds the lock since before this one began: ${who}. Nothing was changed by this run. ` +
          "Let it end, or end that session if whoever started it is gone, and run this again.",
      );
    }
    if (holder !== undefined && told !== who) progress({ kind: "waiting-for-lock", holder: who });
    told = who;
    await pause(pollMs);
  }
}

/** Which session holds the lock, in words; undefined when none does. */
export async function lockHolder(client: Client): Promise<string | undefined> {
  const { rows } = await client.query<{ who: string }>(
    `SELECT format('session %s (%s as %s), connected %s', activity.pid, activity.application_name, activity.usename,
       coalesce(to_char(activity.backend_start, 'HH24:MI:SS TZ'), 'at an unknown time')) AS who
     FROM pg_locks AS held JOIN pg_stat_activity AS activity ON activity.pid = held.pid
     WHERE held.locktype = 'advisory' AND held.granted AND held.classid = $1 AND held.objid = $2
       AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    [...key],
  );
  return rows[0]?.who;
}
