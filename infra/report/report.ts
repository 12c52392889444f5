import { type Result, resultWords } from "../checklist/result";
import { phases } from "../core/phases";
import { chainOf } from "./chain";
import { detail } from "./details";
import { fillBoxes, type SignOff } from "./fill";
import type { DeploymentHeader } from "./header";
import type { PhaseRecord } from "./record";
import type { Report, TimelineEntry } from "./shape";
import { headlineOf, nextOf, servingOf, stateOf, troublesOf } from "./verdict";

/**
 * Puts the records of one run together, whether it ended well, failed anywhere or never got far. Pure: it reads no clock.
 * Records of earlier runs may be among them; only the chain of `follows` that ends with `end` (or the newest) is used.
 */
export function assembleReport(
  header: DeploymentHeader,
  records: readonly PhaseRecord[],
  signOffs: readonly SignOff[],
  end?: PhaseRecord,
): Report {
  const remarks: string[] = [];
  const chain = chainOf(records, end);
  const [first] = chain;
  if (first !== undefined && first.follows !== null)
    remarks.push(`What ran before ${first.phase} left records that were not found; their boxes are not shown.`);
  const boxes = fillBoxes(header, chain, signOffs, remarks);
  const state = stateOf(chain, boxes);
  const failed = troublesOf(chain, boxes);
  const collect = <Name extends "locks" | "screenshots" | "journal">(name: Name) =>
    chain.map((record) => ({ record, value: detail(record, name, remarks) }));
  const requests = chain
    .map((record) => detail(record, "requests", remarks))
    .findLast((budget) => budget !== undefined);
  const snapshot = chain.map((record) => detail(record, "snapshot", remarks)).findLast((made) => made !== undefined);
  const serving = servingOf(header, chain, remarks);
  return {
    header: { ...header, snapshot: snapshot ?? header.snapshot },
    state,
    headline: headlineOf(state, header, chain, failed),
    failed,
    serving,
    next: nextOf(state, header, chain, boxes, failed),
    ...span(chain),
    counts: Object.fromEntries(
      resultWords.map((word) => [word, boxes.filter((box) => box.result === word).length]),
    ) as Record<Result, number>,
    timeline: phases
      .map((phase) => entry(phase, chain))
      .filter((line) => line.phase !== "evidence" || line.outcome !== "not reached"),
    boxes,
    locks: collect("locks").flatMap(({ record, value }) =>
      (value ?? []).map((lock) => ({ ...lock, phase: record.phase })),
    ),
    screenshots: collect("screenshots").flatMap(({ value }) => value ?? []),
    journal: collect("journal")
      .map(({ record, value }) => ({
        phase: record.phase,
        lines: [...(value ?? []), ...(record.error?.journal ?? [])],
      }))
      .filter(({ lines }) => lines.length > 0),
    ...(requests === undefined ? {} : { requests }),
    remarks: [...new Set(remarks)],
  };
}

function entry(phase: TimelineEntry["phase"], chain: readonly PhaseRecord[]): TimelineEntry {
  const record = chain.find((candidate) => candidate.phase === phase);
  if (record === undefined) return { phase, outcome: "not reached", summary: "" };
  const { outcome, summary, startedAt, durationMs } = record;
  return { phase, outcome, summary, startedAt, durationMs };
}

function span(chain: readonly PhaseRecord[]): { startedAt?: string; finishedAt?: string } {
  const [first, last] = [chain[0], chain.at(-1)];
  return first === undefined || last === undefined ? {} : { startedAt: first.startedAt, finishedAt: last.finishedAt };
}
