import pg from "pg";
import { backoffMs, isWorthRetrying } from "./backoff";
import { describeBlockers, likelyBlockers, watchBlockers } from "./blockers";
import { MigrationError, serverSaid, sqlState } from "./errors";
import { pause } from "./session";
export function limitsOf(options, isGentle) {
    return isGentle
        ? { lockTimeoutMs: options.gentleLockTimeoutMs, statementTimeoutMs: options.longStatementTimeoutMs }
        : { lockTimeoutMs: options.lockTimeoutMs, statementTimeoutMs: options.statementTimeoutMs };
}
/**
 * Tries `attempt` until it succeeds or the deadline passes, never without a lock timeout. Whoever is in the way is watched from the
 * other session and named.
 *
 * @throws MigrationError at the deadline; any other error of the server as it is.
 */
export async function withinBudget(sessions, options, budget, attempt) {
    const { what, progress } = budget;
    const limits = limitsOf(options, budget.isGentle);
    const began = performance.now();
    const deadline = began + options.deadlineMs;
    const blockers = new Map();
    for (let attempts = 1;; attempts += 1) {
        const started = performance.now();
        const lockTimeoutMs = Math.max(1, Math.min(limits.lockTimeoutMs, Math.round(deadline - started)));
        const watch = watchBlockers(sessions.observer, sessions.workerPid, (found) => progress({ kind: "blocked", what, attempt: attempts, blockers: found }));
        try {
            const result = await attempt({ ...limits, lockTimeoutMs });
            const transactionMs = performance.now() - started;
            await watch.stop();
            for (const blocker of watch.seen.values())
                blockers.set(blocker.pid, blocker);
            return { result, spent: { attempts, totalMs: performance.now() - began, transactionMs, blockers: [...blockers.values()] } };
        }
        catch (error) {
            await watch.stop();
            await sessions.worker.query("ROLLBACK").catch(() => undefined);
            if (!isWorthRetrying(sqlState(error)))
                throw error;
            const now = watch.seen.size > 0
                ? [...watch.seen.values()]
                : await likelyBlockers(sessions.observer, sessions.workerPid, lockTimeoutMs).catch(() => []);
            for (const blocker of now)
                blockers.set(blocker.pid, blocker);
            const inMs = backoffMs(attempts, Math.random());
            if (performance.now() + inMs >= deadline) {
                const named = now.length > 0 ? now : [...blockers.values()];
                throw new MigrationError(`${what} did not get its lock within ${(options.deadlineMs / 1000).toFixed(1)} s (${attempts} attempts): ` +
                    `in the way was ${describeBlockers(named)}. Last answer: ${serverSaid(error)}.`, { blockers: named, cause: error });
            }
            progress({ kind: "retrying", what, attempt: attempts, inMs, blockers: now });
            await pause(inMs);
        }
    }
}
/**
 * The text of one transaction, sent at once: what it locks is held for as long as the server works, not for the way there and back.
 * Its settings end with it.
 */
export function transactionText(statements, limits, settings, mode = "") {
    return [
        `BEGIN ${mode}`.trim(),
        ...localSettings(limits, settings),
        ...statements,
        "COMMIT",
    ].join(";\n");
}
function localSettings(limits, settings) {
    return [
        `SET LOCAL lock_timeout = ${Math.round(limits.lockTimeoutMs)}`,
        `SET LOCAL statement_timeout = ${Math.round(limits.statementTimeoutMs)}`,
        "SET LOCAL search_path = public",
        ...Object.entries(settings).map(([name, value]) => `SET LOCAL ${pg.escapeIdentifier(`migrate.${name}`).replace(".", '"."')} = ${pg.escapeLiteral(value)}`),
    ];
}
