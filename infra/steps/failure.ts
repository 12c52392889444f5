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
