import type { Client } from "pg";

/** Who stands in the way. The text of its query is never read: it may hold what users wrote. */
export type Blocker = {
  pid: number;
  /** As pg_stat_activity has it, `client backend` for most; `prepared transaction` for one that no session holds. */
  kind: string;
  user: string;
  /** Of a client its application; of an autovacuum what it does, of a prepared transaction its name. */
  application: string;
  ageMs: number | undefined;
  state: string | undefined;
  /** The table that is waited for, quoted as SQL needs it. */
  table?: string;
};

/** What `watchWaiting` saw: each session once, as it was last seen. */
export type Watch = {
  seen: Map<number, Blocker>;
  /** Whether the worker was broken off from here, because it waited or ran on beyond its budget. */
  isBrokenOff(): boolean;
  stop(): Promise<void>;
};

/** How long a wait may last, in milliseconds: for a lock that holds others up behind it, and for one that does not; and the whole attempt. */
export type Patience = { strongMs: number; mildMs: number; attemptMs: number };

/** The first look comes early enough for the default lock budget, and late enough that quick statements cost none. */
const firstLookMs = 15;
const lookEveryMs = 50;
/** The server's own timeout comes first, where a script has left it alone. */
const graceMs = 100;

type BlockerRow = {
  waited_ms: number | null;
  is_strong: boolean;
  table: string | null;
  pid: number | null;
  kind: string | null;
  user: string | null;
  application: string | null;
  age_ms: number | null;
  state: string | null;
};

const ageOf = (start: string): string => `(extract(epoch FROM clock_timestamp() - ${start}) * 1000)::float8`;

// An autovacuum's query is its own description. A prepared transaction has no session: its locks show whose they are.
const activityColumns = `coalesce(activity.backend_type, CASE WHEN prepared.gid IS NOT NULL THEN 'prepared transaction' END) AS kind,
  coalesce(activity.usename, prepared.owner) AS "user",
  CASE WHEN activity.backend_type = 'autovacuum worker' THEN activity.query ELSE coalesce(prepared.gid, activity.application_name) END AS application,
  activity.state, ${ageOf("coalesce(activity.xact_start, activity.state_change, prepared.prepared)")} AS age_ms`;

/** What `pid` waits for right now, with each session that it waits for; nothing while it waits for nobody. */
async function waitOf(engine: Client, pid: number): Promise<BlockerRow[]> {
  const { rows } = await engine.query<BlockerRow>(
    `SELECT ${ageOf("waiting.waitstart")} AS waited_ms,
       waiting.locktype = 'relation' AND waiting.mode NOT IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock', 'ShareUpdateExclusiveLock') AS is_strong,
       format('%I.%I', n.nspname, c.relname) AS table, blocking.pid, ${activityColumns}
     FROM pg_locks AS waiting
     CROSS JOIN LATERAL (SELECT DISTINCT unnest(pg_blocking_pids(waiting.pid))) AS blocking (pid)
     LEFT JOIN pg_stat_activity AS activity ON activity.pid = blocking.pid
     LEFT JOIN pg_locks AS held ON blocking.pid = 0 AND held.pid IS NULL AND held.granted AND held.locktype = waiting.locktype
       AND (held.database, held.relation, held.page, held.tuple, held.transactionid) IS NOT DISTINCT FROM
           (waiting.database, waiting.relation, waiting.page, waiting.tuple, waiting.transactionid)
     LEFT JOIN pg_locks AS own ON own.pid IS NULL AND own.locktype = 'transactionid' AND own.virtualtransaction = held.virtualtransaction
     LEFT JOIN pg_prepared_xacts AS prepared ON prepared.transaction = own.transactionid
     LEFT JOIN pg_class AS c ON c.oid = waiting.relation LEFT JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE waiting.pid = $1 AND NOT waiting.granted`,
    [pid],
  );
  return rows;
}

/**
 * For when the wait was over before the engine's question arrived, as it may be through a slow tunnel: sessions that hold a
 * lock on a table of somebody's in a transaction that began before the wait did. Oldest first, five at most.
 */
export async function likelyBlockers(engine: Client, pid: number, waitedMs: number): Promise<Blocker[]> {
  const { rows } = await engine.query<BlockerRow>(
    `SELECT activity.pid, ${activityColumns}, NULL AS table FROM pg_stat_activity AS activity
     LEFT JOIN pg_prepared_xacts AS prepared ON false
     WHERE activity.pid NOT IN ($1, pg_backend_pid()) AND activity.xact_start < clock_timestamp() - make_interval(secs => $2::float8 / 1000)
       AND EXISTS (
         SELECT FROM pg_locks AS held JOIN pg_class AS c ON c.oid = held.relation AND c.oid >= 16384
         WHERE held.pid = activity.pid AND held.granted AND held.locktype = 'relation'
           AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database()))
     ORDER BY activity.xact_start LIMIT 5`,
    [pid, waitedMs],
  );
  return rows.map(blockerOf);
}

function blockerOf(row: BlockerRow): Blocker {
  return {
    pid: row.pid ?? 0,
    kind: row.kind ?? "client backend",
    user: row.user ?? "nobody",
    application: row.application ?? "",
    ageMs: row.age_ms === null ? undefined : Math.max(0, Math.round(row.age_ms)),
    state: row.state ?? undefined,
    ...(row.table !== null && { table: row.table }),
  };
}

/**
 * Looks from the engine's session, every 50 ms, who keeps `pid` waiting, until stopped; `onFirst` is called once. A wait beyond its
 * patience is broken off from here: a script may have taken its own timeouts away, and whoever writes would wait behind it.
 */
export function watchWaiting(
  engine: Client,
  pid: number,
  patience: Patience,
  onFirst: (blockers: Blocker[]) => void,
): Watch {
  const seen = new Map<number, Blocker>();
  const began = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  let isBrokenOff = false;
  let looking: Promise<void> = Promise.resolve();
  const look = async (): Promise<void> => {
    try {
      const rows = await waitOf(engine, pid);
      const blockers = rows.filter((row) => row.pid !== null).map(blockerOf);
      if (seen.size === 0 && blockers.length > 0 && !isStopped) onFirst(blockers);
      for (const blocker of blockers) seen.set(blocker.pid, blocker);
      const isOverdue =
        performance.now() - began > patience.attemptMs ||
        rows.some((row) => (row.waited_ms ?? 0) > (row.is_strong ? patience.strongMs : patience.mildMs) + graceMs);
      if (isOverdue && !isStopped) {
        isBrokenOff = true;
        await engine.query("SELECT pg_cancel_backend($1)", [pid]);
      }
    } catch {
      return; // What went wrong with the server shows in the statement itself.
    }
    if (!isStopped) schedule(lookEveryMs);
  };
  const schedule = (afterMs: number): void => {
    timer = setTimeout(() => (looking = look()), afterMs);
  };
  schedule(firstLookMs);
  return {
    seen,
    isBrokenOff: () => isBrokenOff,
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
  return blockers.map(describeBlocker).join("; ");
}

function describeBlocker({ pid, kind, user, application, ageMs, state }: Blocker): string {
  const age = ageMs === undefined ? "" : ` for ${(ageMs / 1000).toFixed(1)} s`;
  if (kind === "prepared transaction")
    return `the prepared transaction ${application} of ${user}${age}, which ROLLBACK PREPARED or COMMIT PREPARED ends`;
  if (kind === "autovacuum worker") return `session ${pid} (${application || "autovacuum"})${age}`;
  if (kind !== "client backend") return `session ${pid} (${kind})${age}`;
  const who = application ? `${application} as ${user}` : user;
  return `session ${pid} (${who}), ${state ?? "state hidden from this role (it lacks pg_monitor)"}${age}`;
}
