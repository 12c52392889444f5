import type { z } from "zod";
import type { backupSettings } from "./backup";
import type { maintenanceWindowSettings } from "./operations";
import type { databaseSettings } from "./platform";
import { problem } from "./problem";
import { minutesOf, timeAt, windowMinutes } from "./time-of-day";

type Database = z.infer<typeof databaseSettings>;

/** Minutes since Sunday 00:00 UTC; the end may be in the next week. */
type Span = { from: number; to: number };

const dayNames = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;
type Day = (typeof dayNames)[number];

const day = 1440;
const week = 7 * day;

/**
 * How long AWS Backup may wait before it begins, and how long RDS must be left alone after that: a backup that would begin within an
 * hour before RDS's maintenance window, or in it, fails.
 */
export const startWindowMinutes = 60;
const quietMinutes = startWindowMinutes + 60;

function spansOf(days: readonly Day[], from: number, length: number): Span[] {
  return days.map((name) => {
    const begin = dayNames.indexOf(name) * day + from;
    return { from: begin, to: begin + length };
  });
}

function meet(ones: readonly Span[], others: readonly Span[]): boolean {
  const shifts = [-week, 0, week];
  return ones.some((one) =>
    others.some((other) => shifts.some((shift) => one.from < other.to + shift && other.from + shift < one.to)),
  );
}

/** As RDS takes it: `sun:04:30-sun:05:00`. */
export function weeklyWindow(window: Database["upkeepWindow"]): string {
  const from = dayNames.indexOf(window.day) * day + minutesOf(window.fromUtc);
  const shown = (minutes: number) =>
    `${dayNames[Math.floor(minutes / day) % 7]?.toLowerCase()}:${timeAt(minutes % day)}`;
  return `${shown(from)}-${shown(from + windowMinutes(window))}`;
}

/** As RDS takes it: `00:30-01:00`. */
export function dailyWindow({ fromUtc, toUtc }: Database["backupWindow"]): string {
  return `${fromUtc}-${toUtc}`;
}

type Windows = {
  maintenanceWindow: z.infer<typeof maintenanceWindowSettings>;
  database: Pick<Database, "backupWindow" | "upkeepWindow">;
  backup: Pick<z.infer<typeof backupSettings>, "scheduledAtUtc">;
};

/**
 * What the database does by itself at a time when it is in the way: RDS refuses a snapshot while it makes its own backup, restarts
 * instances in its maintenance window, and lets AWS Backup fail in either. Each is compared with those before it, deployments first.
 */
export function windowProblems({ maintenanceWindow, database, backup }: Windows): string[] {
  const { backupWindow, upkeepWindow } = database;
  const busy: { key: string; spans: Span[] }[] = [];
  if (maintenanceWindow !== "any") {
    const from = minutesOf(maintenanceWindow.fromUtc);
    const spans = spansOf(maintenanceWindow.days, from, windowMinutes(maintenanceWindow));
    busy.push({ key: "maintenanceWindow", spans });
  }
  const problems: string[] = [];
  for (const { key, days, from, length, value, rule, remedy } of [
    rdsWindow("database.upkeepWindow", [upkeepWindow.day], upkeepWindow),
    rdsWindow("database.backupWindow", dayNames, backupWindow),
    scheduledBackup(backup.scheduledAtUtc),
  ]) {
    const taken = (at: number) => busy.filter(({ spans }) => meet(spansOf(days, at, length), spans));
    const names = taken(from).map((other) => other.key);
    if (names.length > 0) {
      const free = Array.from({ length: 48 }, (_, index) => index * 30).find((at) => taken(at).length === 0);
      const what = free === undefined ? `shorten ${names.join(" and ")}` : remedy(timeAt(free), timeAt(free + length));
      problems.push(problem(key, `must be ${rule} ${names.join(" and ")}`, value, what));
    }
    busy.push({ key, spans: spansOf(days, from, length) });
  }
  return problems;
}

type Placed = {
  key: string;
  days: readonly Day[];
  /** Minutes of the day. */
  from: number;
  length: number;
  value: unknown;
  rule: string;
  remedy: (from: string, to: string) => string;
};

function rdsWindow(key: string, days: readonly Day[], window: { fromUtc: string; toUtc: string }): Placed {
  return {
    key,
    days,
    from: minutesOf(window.fromUtc),
    length: windowMinutes(window),
    value: window,
    rule: "outside of",
    remedy: (from, to) =>
      `pulumi config set --path ${key}.fromUtc ${from} && pulumi config set --path ${key}.toUtc ${to}`,
  };
}

function scheduledBackup(atUtc: string): Placed {
  const key = "backup.scheduledAtUtc";
  return {
    key,
    days: dayNames,
    from: minutesOf(atUtc),
    length: quietMinutes,
    value: atUtc,
    rule: "two hours before or outside of",
    remedy: (from) => `pulumi config set --path ${key} ${from}`,
  };
}
