/** A step's failure as its operator reads it. */
export class StepFailure extends Error {
  constructor(
    message: string,
    /** What to do next. */
    readonly remedy: string,
    /** The last lines of the backend's journal, where they tell why. */
    readonly journal: readonly string[] = [],
  ) {
    super(message);
    this.name = "StepFailure";
  }
}

/** The connection was lost, never stood or gave no answer in time: what was asked may have been done, or not. */
export class HostUnreached extends StepFailure {}

/** Somebody answered there and is not the host, or does not know us: to ask again is of no use. */
export class HostRefused extends HostUnreached {}

/** The release itself is at fault, as far as can be told: it is kept in the ledger as bad. */
export class ReleaseRefused extends StepFailure {}
