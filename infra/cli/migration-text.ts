import type { Migration, MigrationReport } from "../database/migrations";
import { label } from "../database/migrations/hash-chain";
import type { Filled } from "../database/pair/fill";
import { locksOf } from "../phases/schema/schema-plan";

export type MigrationCheck = {
  migration: Migration;
  /** What squawk objects to, or why it did not lint. */
  linted: string[];
  server: string;
  rows: number;
  filled: Filled;
  /** There, back, there again. */
  reports: MigrationReport[];
  problems: string[];
};

const ways = ["up", "down", "up again"];

/** A check as Markdown, for a pull request: which lock each statement held, and for how long. */
export function renderMigrationCheck({
  migration,
  linted,
  server,
  rows,
  filled,
  reports,
  problems,
}: MigrationCheck): string {
  const locks = reports.flatMap((report, place) =>
    locksOf(report).map(
      ({ statement, table, mode, heldMs, waitedMs }) =>
        `| ${ways[place]} | ${statement.replaceAll("|", "\\|")} | ${table} | ${mode} | ${heldMs.toFixed(1)} | ${waitedMs.toFixed(1)} |`,
    ),
  );
  const findings = [
    ...problems,
    ...linted,
    ...filled.notFilled.map(({ table, reason }) => `${table} stayed empty, so its size was not tried: ${reason}`),
  ];
  const outcome =
    problems.length === 0
      ? "Up, down and up again: schema and rows came back as they were."
      : `**${problems.length} problem${problems.length === 1 ? "" : "s"}.**`;
  return [
    `## ${label(migration)}`,
    `${outcome} PostgreSQL ${server}, ${filled.filled.length} tables with ${rows} rows each.`,
    ...(findings.length === 0 ? [] : [findings.map((finding) => `- ${finding}`).join("\n")]),
    locks.length === 0
      ? "No statement locked a table that was there before."
      : ["| | statement | table | lock | held, ms | waited, ms |", "|---|---|---|---|---:|---:|", ...locks].join("\n"),
    reports
      .map(
        ({ durationMs, applied }, place) =>
          `${ways[place]}: ${(durationMs / 1000).toFixed(1)} s, the longest lock ${Math.max(0, ...applied.map(({ longestLockMs }) => longestLockMs)).toFixed(1)} ms`,
      )
      .join("; "),
  ].join("\n\n");
}
