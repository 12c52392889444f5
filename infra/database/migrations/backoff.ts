/** The shortest and the longest mean pause between two attempts, in milliseconds. */
export type BackoffLimits = { firstMs: number; longestMs: number };

/** A writer that a blocked ALTER TABLE held up for the lock budget gets at least that long to work before the next attempt. */
export const defaultBackoff: BackoffLimits = { firstMs: 250, longestMs: 2_000 };

/**
 * How long to wait after attempt number `attempt` (from 1) failed, in milliseconds: doubling, and spread over ±50 %, so that two who
 * wait for one another don't keep meeting. `random` is in [0, 1).
 */
export function backoffMs(attempt: number, random: number, limits: BackoffLimits = defaultBackoff): number {
  const mean = Math.min(limits.longestMs, limits.firstMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(mean * (0.5 + random));
}

/** Lock not available, deadlock, serialization failure: nothing was done, and trying again may succeed. */
export function isWorthRetrying(code: string | undefined): boolean {
  return code === "55P03" || code === "40P01" || code === "40001";
}
