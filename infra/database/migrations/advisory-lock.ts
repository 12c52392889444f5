import type { Client } from "pg";
import { MigrationError } from "./errors";
import type { MigrationOptions } from "./options";
import type { ReportMigration } from "./progress";
import { lockKey, pause, type Sessions, workerKey } from "./session";

const pollMs = 250;

/**
 * Holds migrations apart. The lock belongs to the engine's own session, where no script can give it back. It is asked for again and
 * again, never waited for: a waiting session would hold a snapshot, and an index built concurrently would wait for that.
 *
 * @throws MigrationError when another one still holds it at the deadline; the message says who.
 */
export async function takeLock(
  sessions: Sessions,
  options: MigrationOptions,
  progress: ReportMigration,
): Promise<void> {
  const { engine } = sessions;
  const deadline = Date.now() + options.deadlineMs;
  let told = "";
  let isOurs = false;
  for (;;) {
    isOurs ||= await isTrue(engine, "pg_try_advisory_lock($1, $2)", lockKey);
    // Whoever held it before may be gone while the last statement of its script still runs.
    if (isOurs && (await isTrue(engine, "pg_try_advisory_lock($1, $2) AND pg_advisory_unlock($1, $2)", workerKey))) {
      await sessions.renew();
      return;
    }
    const holder = await lockHolder(engine);
    const who = holder ?? "a session that has just ended";
    if (Date.now() > deadline) {
      throw new MigrationError(
        "migration-lock-held",
        `Another migration holds the lock since before this one began: ${who}. Nothing was changed by this run.`,
        {
          changed: "nothing",
          remedy: "wait for its end, or end that session if nobody owns it any more; then pulumi up",
        },
      );
    }
    if (holder !== undefined && told !== who) progress({ kind: "waiting-for-lock", holder: who });
    told = who;
    await pause(pollMs);
  }
}

async function isTrue(client: Client, expression: string, values: readonly number[]): Promise<boolean> {
  const { rows } = await client.query<{ answer: boolean }>(`SELECT ${expression} AS answer`, [...values]);
  return rows[0]?.answer === true;
}

/** Which other session holds the lock, in words; undefined when none does. */
export async function lockHolder(client: Client): Promise<string | undefined> {
  const { rows } = await client.query<{ who: string }>(
    `SELECT format('session %s (%s as %s), connected %s', activity.pid, activity.application_name, activity.usename,
       coalesce(to_char(activity.backend_start, 'HH24:MI:SS TZ'), 'at an unknown time')) AS who
     FROM pg_locks AS held JOIN pg_stat_activity AS activity ON activity.pid = held.pid
     WHERE held.locktype = 'advisory' AND held.granted AND held.classid = $1 AND held.objid IN ($2, $3) AND held.pid <> pg_backend_pid()
       AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
     ORDER BY held.objid`,
    [...lockKey, workerKey[1]],
  );
  return rows[0]?.who;
}
