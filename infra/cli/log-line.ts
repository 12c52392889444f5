import type { Settings } from "../settings/settings";
import { judgeJournal, parseJournal } from "../verification/journal";
import type { LogLevel } from "./log-levels";

/** Whether a line of the journal is of that level or above, by its own level or by the patterns that verification judges by. */
export function isAtLevel(row: string, level: LogLevel, patterns: Settings["verification"]["journal"]): boolean {
  const { errors, troubles } = judgeJournal(parseJournal(row), patterns);
  return errors.length > 0 || (level === "warning" && troubles.length > 0);
}

/** A line of `journalctl -o json` for a person: when, which slot, what. */
export function renderLogLine(row: string): string {
  const [line] = parseJournal(row);
  if (line === undefined) return row;
  const { __REALTIME_TIMESTAMP: microseconds, _SYSTEMD_UNIT: unit = "" } = JSON.parse(row) as Record<
    string,
    string | undefined
  >;
  const at = microseconds === undefined ? "" : `${new Date(Number(microseconds) / 1000).toISOString()} `;
  const [, slot = "system"] = /@(\w+)\.service$/.exec(unit) ?? [];
  return `${at}${slot.padEnd(5)} ${line.message}`;
}
