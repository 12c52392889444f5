import { overrideAt } from "../../settings/maintenance-window";
import type { Settings } from "../../settings/settings";

/** Minutes that are left of a window that is open now; null where nothing closes. */
export function minutesLeft(window: Settings["maintenanceWindow"], now: Date): number | null {
  if (window === "any" || overrideAt(window, now) !== undefined) return null;
  const minutes = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
  const current = now.getUTCHours() * 60 + now.getUTCMinutes();
  const left = minutes(window.toUtc) - current;
  // A window that ends at or after midnight ends on the next day.
  return left >= 0 && !(window.toUtc < window.fromUtc && current >= minutes(window.fromUtc)) ? left : left + 1440;
}

/**
 * Why the gate should not begin in this window: it took longer the last time than is left now.
 * @param lastSeconds what the newest proven snapshot took, undefined where none tells
 */
export function gateTimeProblem(
  window: Settings["maintenanceWindow"],
  now: Date,
  lastSeconds: number | undefined,
): string | undefined {
  const left = minutesLeft(window, now);
  if (left === null || lastSeconds === undefined || lastSeconds / 60 <= left) return undefined;
  return `proving a backup took ${Math.ceil(lastSeconds / 60)} min the last time, and the maintenance window closes in ${left} min`;
}
