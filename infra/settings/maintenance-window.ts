import { Failure } from "../core/failure";
import type { Settings } from "./settings";

const dayNames = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;

/** An override that still counts. */
export function overrideAt(window: Settings["maintenanceWindow"], now: Date) {
  if (window === "any" || window.override === undefined) return undefined;
  return now.getTime() < Date.parse(window.override.until) ? window.override : undefined;
}

/**
 * Whether a deployment may change things now.
 * @returns the evidence
 * @throws Error naming the window and the way around it
 */
export function insideWindow(window: Settings["maintenanceWindow"], now: Date): string {
  if (window === "any") return "any time is allowed for this stack";
  const time = now.toISOString().slice(11, 16);
  const crossesMidnight = window.toUtc < window.fromUtc;
  const beganYesterday = crossesMidnight && time < window.toUtc;
  const day = dayNames[(now.getUTCDay() + (beganYesterday ? 6 : 0)) % 7];
  const isOpen = crossesMidnight
    ? time >= window.fromUtc || time < window.toUtc
    : time >= window.fromUtc && time < window.toUtc;
  const said = `${window.days.join(", ")} from ${window.fromUtc} to ${window.toUtc} UTC`;
  if (isOpen && day !== undefined && window.days.includes(day)) return `${now.toISOString()} is inside ${said}`;
  const override = overrideAt(window, now);
  if (override !== undefined)
    return `${now.toISOString()} is outside ${said}; ${override.by} overrides it until ${override.until}: ${override.reason}`;
  const ended = window.override;
  throw new Failure(
    "outside-window",
    `${now.toISOString()} is outside the maintenance window (${said})` +
      (ended === undefined ? "" : `, and the override by ${ended.by} ended at ${ended.until}`),
    "wait, or set maintenanceWindow.override.by, .reason and .until (pulumi config set --path maintenanceWindow.override.by NAME); the report shows the override",
    { changed: "nothing" },
  );
}
