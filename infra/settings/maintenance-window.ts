import { Failure } from "../core/failure";
import type { Settings } from "./settings";

const dayNames = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;

/**
 * Whether a deployment may change things now.
 * @returns the evidence
 * @throws Error naming the window and the way around it
 */
export function insideWindow(window: Settings["maintenanceWindow"], now: Date): string {
  if (window === "any") return "any time will do for this stack";
  const time = now.toISOString().slice(11, 16);
  const crossesMidnight = window.toUtc < window.fromUtc;
  const beganYesterday = crossesMidnight && time < window.toUtc;
  const day = dayNames[(now.getUTCDay() + (beganYesterday ? 6 : 0)) % 7];
  const isOpen = crossesMidnight
    ? time >= window.fromUtc || time < window.toUtc
    : time >= window.fromUtc && time < window.toUtc;
  const said = `${window.days.join(", ")} from ${window.fromUtc} to ${window.toUtc} UTC`;
  if (isOpen && day !== undefined && window.days.includes(day)) return `${now.toISOString()} is inside ${said}`;
  if (window.override !== undefined)
    return `${now.toISOString()} is outside ${said}; ${window.override.by} overrides it: ${window.override.reason}`;
  throw new Failure(
    "outside-window",
    `${now.toISOString()} is outside the maintenance window (${said})`,
    "wait, or pulumi config set --path maintenanceWindow.override.by NAME, and .reason, which the report will show",
    { changed: "nothing" },
  );
}
