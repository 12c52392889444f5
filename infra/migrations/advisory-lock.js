import { MigrationError } from "./errors";
import { pause } from "./session";
/** Ours alone: the two halves of an arbitrary number, the same in every version of this program. */
const key = [1_886_151_781, 1_835_624_306];
const pollMs = 250;
/**
 * Holds migrations apart. The lock belongs to the session that works, so it cannot outlive it. It is asked for again and
 * again, never waited for: a waiting session would hold a snapshot, and an index built concurrently would wait for that.
 *
 * @throws MigrationError when another one still holds it at the deadline; the message says who.
 */
export async function takeLock({ worker }, options, progress) {
    const deadline = Date.now() + options.deadlineMs;
    let told = "";
    for (;;) {
        const { rows } = await worker.query("SELECT pg_try_advisory_lock($1, $2) AS taken", [...key]);
        if (rows[0]?.taken)
            return;
        const holder = await worker.query(`SELECT activity.pid, format('session %s (%s as %s), connected %s', activity.pid, activity.application_name, activity.usename,
         coalesce(to_char(activity.backend_start, 'HH24:MI:SS TZ'), 'at an unknown time')) AS who
       FROM pg_locks AS held JOIN pg_stat_activity AS activity ON activity.pid = held.pid
       WHERE held.locktype = 'advisory' AND held.granted AND held.classid = $1 AND held.objid = $2
         AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())`, [...key]);
        const who = holder.rows[0]?.who ?? "a session that has just ended";
        if (Date.now() > deadline) {
            throw new MigrationError(`Another migration holds the lock since before this one began: ${who}. Nothing was changed by this run. ` +
                "Let it end, or end that session if whoever started it is gone, and run this again.");
        }
        if (holder.rows[0] && told !== who)
            progress({ kind: "waiting-for-lock", holder: who });
        told = who;
        await pause(pollMs);
    }
}
