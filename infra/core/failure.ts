import type { FailureCode } from "./failure-codes";

/**
 * What a failure has left of what it was about to change: `nothing` was begun, it was `undone`, `kept` for the next run, which resumes it;
 * where nobody asked, it is `unknown`.
 */
export const changes = ["nothing", "undone", "kept", "unknown"] as const;
export type Changed = (typeof changes)[number];

export type FailureDetails = {
  changed?: Changed;
  /** The last lines of the backend's journal, where they tell why. */
  journal?: readonly string[];
  cause?: unknown;
};

/** A failure as its operator reads it: what happened (`message`) and what to do next. Programs and tests know it by its code. */
export class Failure extends Error {
  readonly changed: Changed;
  readonly journal: readonly string[];

  constructor(
    readonly code: FailureCode,
    message: string,
    /** What to do next; empty where the message says it all. */
    readonly remedy: string,
    { changed = "unknown", journal = [], cause }: FailureDetails = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "Failure";
    this.changed = changed;
    this.journal = journal;
  }
}

/** Message and remedy of a failure, on a terminal. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof Failure && error.remedy !== "" ? `${error.message}\nRemedy: ${error.remedy}` : error.message;
}

/** The connection was lost, never stood or gave no answer in time: what was asked may have been done, or not. */
export class HostUnreached extends Failure {}

/** Somebody answered there and is not the host, or does not know us: to ask again is of no use. */
export class HostRefused extends HostUnreached {}

/** The release itself is at fault, as far as can be told: it is kept in the ledger as bad. */
export class ReleaseRefused extends Failure {}
