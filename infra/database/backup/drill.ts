import { z } from "zod";
import type { AgedTable } from "./age-comparison";

const table = z.strictObject({
  table: z.string(),
  equal: z.int().min(0),
  since: z.int().min(0),
  incomparable: z.string(),
  problems: z.array(z.string()),
});

/** What `npm run drill` leaves: one backup, restored, proved and timed. */
export const drillReportSchema = z.strictObject({
  version: z.literal(1),
  stack: z.string().min(1),
  at: z.iso.datetime(),
  snapshot: z.string().min(1),
  /** Who took it: `awsbackup`, `automated` (RDS itself) or `manual`. */
  kind: z.string().min(1),
  takenAt: z.iso.datetime(),
  /** Recovery time: from the request to the first query that the restored instance answered. */
  recoverySeconds: z.number().min(0),
  /** Recovery point: how much would be lost if the database were lost now. */
  lostSeconds: z.number().min(0),
  tables: z.array(table),
  integrity: z.string(),
  /** What is wrong with the backup; empty where it is proved. */
  problems: z.array(z.string()),
});

export type DrillReport = z.infer<typeof drillReportSchema>;

export type FoundSnapshot = { id: string; kind: string; takenAt: Date };

/** Schedules take these; a person's own and those of deployments are proved elsewhere. */
const scheduledKinds = ["awsbackup", "automated"];

/** The newest that a schedule took, whoever keeps it. */
export function newestScheduled(found: readonly FoundSnapshot[]): FoundSnapshot | undefined {
  return found
    .filter(({ kind }) => scheduledKinds.includes(kind))
    .sort((one, other) => other.takenAt.getTime() - one.takenAt.getTime())[0];
}

/** What the comparison says against the backup, and a backup of which it could say nothing at all. */
export function drillProblems(tables: readonly AgedTable[], integrity: readonly string[]): string[] {
  const found = tables.flatMap(({ table, problems }) => problems.map((problem) => `${table}: ${problem}`));
  const isComparable = tables.some(({ equal }) => equal > 0) || tables.every(({ incomparable }) => incomparable === "");
  return [
    ...integrity.map((problem) => `integrity: ${problem}`),
    ...found,
    ...(isComparable ? [] : ["no row could be compared: every table was rewritten or made since the backup"]),
  ];
}

/** The report as an operator reads it. */
export function describeDrill(report: DrillReport): string {
  const total = (part: "equal" | "since") => report.tables.reduce((sum, one) => sum + one[part], 0);
  const incomparable = report.tables.filter((one) => one.incomparable !== "");
  return [
    `${report.snapshot} (${report.kind}, taken ${report.takenAt}) ${report.problems.length === 0 ? "restores and is proved" : "is NOT a good backup"}`,
    `recovery time  ${Math.round(report.recoverySeconds)} s until the restored database answered`,
    `recovery point ${Math.round(report.lostSeconds / 60)} min of writes would be lost if the database were lost now`,
    `content        ${total("equal")} rows equal in ${report.tables.length} tables; ${total("since")} changed or deleted since`,
    ...incomparable.map(({ table, incomparable }) => `not compared   ${table}: ${incomparable}`),
    `integrity      ${report.integrity}`,
    ...report.problems.map((problem) => `problem        ${problem}`),
  ].join("\n");
}
