import type { Client } from "pg";

/** Who stands in the way. The text of its query is never read: it may hold what users wrote. */
export type Blocker = {
  pid: number;
  user: string;
  application: string;
  ageMs: number | undefined;
  state: string | undefined;
};

/** What `watchBlockers` saw: each session once, as it was last seen. */
export type Watch = { seen: Map<number, Blocker>; stop(): Promise<void> };

/** The first look comes early enough for the default lock budget, and late enough that quick statements cost none. */
const firstLookMs = 15;
const lookEveryMs = 50;

type Row = {
  pid: number;
  user: string | null;
  application: string | null;
  age_ms: number | null;
  state: string | null;
};

const columns = `activity.usename AS user, activity.application_name AS application, activity.state,
  (extract(epoch FROM clock_timestamp() - coalesce(activity.xact_start, activity.state_change)) * 1000)::float8 AS age_ms`;

/** Sessions that `pid` waits for right now. Age is that of their transaction, in milliseconds. */
export async function blockersOf(observer: Client, pid: number): Promise<Blocker[]> {
  const { rows } = await observer.query<Row>(
    `SELECT blocking.pid, ${columns}
     FROM unnest(pg_blocking_pids($1)) AS blocking (pid) LEFT JOIN pg_stat_activity AS activity ON activity.pid = blocking.pid`,
    [pid],
  );
  return rows.map(blockerOf);
}

/**
 * For when the wait was over before the observer's question arrived, as it may be through a slow tunnel: sessions that hold a
 * lock on one of the tables in a transaction that began before the wait did. Oldest first, five at most.
 */
export async function likelyBlockers(observer: Client, pid: number, waitedMs: number): Promise<Blocker[]> {
  const { rows } = await observer.query<Row>(
    `SELECT activity.pid, ${columns} FROM pg_stat_activity AS activity
     WHERE activity.pid NOT IN ($1, pg_backend_pid()) AND activity.xact_start < clock_timestamp() - make_interval(secs => $2::float8 / 1000)
       AND EXISTS (
         SELECT FROM pg_locks AS held JOIN pg_class AS c ON c.oid = held.relation AND c.relnamespace = 'public'::regnamespace
         WHERE held.pid = activity.pid AND held.granted AND held.locktype = 'relation'
           AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database()))
     ORDER BY activity.xact_start LIMIT 5`,
    [pid, waitedMs],
  );
  return rows.map(blockerOf);
}

function blockerOf(row: Row): Blocker {
  return {
    pid: row.pid,
    user: row.user ?? (row.pid === 0 ? "a prepared transaction" : "gone"),
    application: row.application ?? "",
    ageMs: row.age_ms === null ? undefined : Math.max(0, Math.round(row.age_ms)),
    state: row.state ?? undefined,
  };
}

/** Looks from another session, every 50 ms, who keeps `pid` waiting, until stopped. `onFirst` is told once. */
export function watchBlockers(observer: Client, pid: number, onFirst: (blockers: Blocker[]) => void): Watch {
  const seen = new Map<number, Blocker>();
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  let looking: Promise<void> = Promise.resolve();
  const look = async (): Promise<void> => {
    try {
      const blockers = await blockersOf(observer, pid);
      if (seen.size === 0 && blockers.length > 0 && !isStopped) onFirst(blockers);
      for (const blocker of blockers) seen.set(blocker.pid, blocker);
    } catch {
      return; // The observer only helps to explain; what went wrong with the server shows in the statement itself.
    }
    if (!isStopped) schedule(lookEveryMs);
  };
  const schedule = (afterMs: number): void => {
    timer = setTimeout(() => (looking = look()), afterMs);
  };
  schedule(firstLookMs);
  return {
    seen,
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await looking;
    },
  };
}

/** For people: `session 4711 (reports as analyst), idle in transaction for 15 s`. */
export function describeBlockers(blockers: Blocker[]): string {
  if (blockers.length === 0) return "a session that was gone before it could be named";
  return blockers
    .map((blocker) => {
      const who = blocker.application ? `${blocker.application} as ${blocker.user}` : blocker.user;
      const state = blocker.state ?? "state hidden from this role (it lacks pg_read_all_stats)";
      const age = blocker.ageMs === undefined ? "" : ` for ${(blocker.ageMs / 1000).toFixed(1)} s`;
      return `session ${blocker.pid} (${who}), ${state}${age}`;
    })
    .join("; ");
}
