import { type Blocker, describeBlockers } from "./blockers";

/** What a migration reports while it runs. Durations in milliseconds. */
export type ProgressEvent =
  | { kind: "waiting-for-lock"; holder: string }
  | { kind: "started"; migration: string; direction: "up" | "down"; isContinued: boolean }
  | { kind: "recorded"; migration: string }
  | { kind: "unit-started"; migration: string; direction: "up" | "down"; unit: number; of: number; summary: string }
  | {
      kind: "unit-finished";
      migration: string;
      direction: "up" | "down";
      unit: number;
      transactionMs: number;
      attempts: number;
      isSkipped: boolean;
    }
  | { kind: "blocked"; what: string; attempt: number; blockers: Blocker[] }
  | { kind: "retrying"; what: string; attempt: number; inMs: number; blockers: Blocker[] }
  | { kind: "batch"; what: string; rows: number; changed: number }
  | { kind: "warning"; message: string }
  | { kind: "finished"; migration: string; direction: "up" | "down"; durationMs: number }
  | { kind: "undoing"; migration: string; because: string };

export type ReportMigration = (event: ProgressEvent) => void;

/** One line for people; undefined for events that are only worth counting. */
export function describeProgress(event: ProgressEvent): string | undefined {
  switch (event.kind) {
    case "waiting-for-lock":
      return `another migration is running, waiting for it: ${event.holder}`;
    case "started":
      return `${event.migration} ${event.direction}${event.isContinued ? ", taking up what an earlier run left" : ""}`;
    case "recorded":
      return `${event.migration} is already there: recorded, not run`;
    case "unit-started":
      return undefined;
    case "unit-finished":
      return event.isSkipped
        ? undefined
        : `${event.migration} ${event.direction}: statement ${event.unit} in ${Math.round(event.transactionMs)} ms`;
    case "blocked":
      return `${event.what}: waits for ${describeBlockers(event.blockers)}`;
    case "retrying":
      return `${event.what}: attempt ${event.attempt} gave way to ${describeBlockers(event.blockers)}; again in ${event.inMs} ms`;
    case "batch":
      return undefined;
    case "warning":
      return event.message;
    case "finished":
      return `${event.migration} ${event.direction} finished in ${Math.round(event.durationMs)} ms`;
    case "undoing":
      return `undoing ${event.migration}: ${event.because}`;
    default:
      return event satisfies never;
  }
}

/** Whether it is part of a migration that meets nothing in its way. */
export function isRoutine({ kind }: ProgressEvent): boolean {
  return ["started", "recorded", "unit-started", "unit-finished", "batch", "finished"].includes(kind);
}
