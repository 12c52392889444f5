import type { BoxResult, Result } from "../../infra/checklist/result";

/** Something that goes wrong or is missing, and what the box is then: never passed. */
export type Fault = {
  fault: string;
  becomes: Exclude<Result, "passed">;
} & (
  | {
      /** Makes the box's own check against the fault. */
      run: () => BoxResult | Promise<BoxResult>;
    }
  | {
      /** The test that shows it, where only another height can: its file below `test/`, and its title. */
      shownBy: readonly [file: string, title: string];
    }
);
