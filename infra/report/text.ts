import { resultWords } from "../checklist/result";
import { count, duration } from "./format";
import type { Report } from "./shape";

const mostLines = 20;
const mostColumns = 160;

/**
 * The end of a run on a terminal: at most 20 lines, what failed first, then what serves and what to do.
 * Lines longer than 160 characters are cut, since the report holds them whole.
 * @param kept where the report is, a place a line
 */
export function renderSummary(report: Report, kept: readonly string[] = []): string {
  const head = [
    `${report.state.toUpperCase()}  ${report.header.application}, ${report.header.stack}: ${report.headline}`,
  ];
  const serves = report.serving.split("\n").map((line, index) => `${(index === 0 ? "serves" : "").padEnd(8)} ${line}`);
  const counted = resultWords.filter((word) => report.counts[word] > 0).map((word) => `${report.counts[word]} ${word}`);
  const took = report.timeline.reduce((sum, { durationMs }) => sum + (durationMs ?? 0), 0);
  const tail = [
    `boxes    ${counted.join(", ")}`,
    `took     ${duration(took)}`,
    ...shorten("report", kept, Math.max(kept.length, 1), ""),
  ];
  const room = mostLines - head.length - serves.length - tail.length;
  // What to do matters as much as what failed: neither may push the other off the screen.
  const next = shorten("next", report.next, Math.max(6, room - report.failed.length), "in the report");
  const failed = shorten(
    "failed",
    report.failed.map(({ where, what }) => `${where}: ${what}`),
    room - next.length,
    "in the report",
  );
  return [...head, ...failed, ...serves, ...next, ...tail].map(oneLine).join("\n");
}

function shorten(label: string, lines: readonly string[], most: number, where: string): string[] {
  const shown =
    lines.length <= most
      ? lines
      : [...lines.slice(0, most - 1), `and ${count(lines.length - most + 1, "more", "more")} ${where}`];
  return shown.map((line, index) => `${(index === 0 ? label : "").padEnd(8)} ${line}`);
}

function oneLine(text: string): string {
  const flat = text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
  return flat.length <= mostColumns ? flat : `${flat.slice(0, mostColumns - 1)}…`;
}
