import * as pulumi from "@pulumi/pulumi";
import { describeFailure } from "../core/failure";

/** Faults of this program: nobody finds them without their stack. */
const faults = [TypeError, ReferenceError, RangeError, SyntaxError];

/**
 * Does what may refuse the whole deployment, and ends the program with the refusal's words alone. Thrown as they are, Pulumi prints
 * them twice, with a stack that no operator needs and that Node 20 takes more than 20 s to look up in source maps.
 */
export async function orRefuse<T>(work: () => Promise<T> | T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || faults.some((fault) => error instanceof fault)) throw error;
    Error.stackTraceLimit = 0;
    throw new pulumi.RunError(describeFailure(error));
  }
}
