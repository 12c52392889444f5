import { execa } from "execa";
import type { StepInput } from "../steps/input";

/**
 * What a stack's phases were given at its last deployment: for commands that look at it, or mend it, without one.
 * @throws Error saying what to do when the stack is not there or was never deployed
 */
export async function stackInput(stack: string): Promise<StepInput> {
  const done = await execa("pulumi", ["stack", "output", "deployment", "--json", "--show-secrets", "--non-interactive", "--stack", stack], {
    reject: false,
    stdin: "ignore",
  });
  if (done.exitCode === 0) return JSON.parse(done.stdout) as StepInput;
  throw new Error(
    `the stack ${stack} tells of no deployment: ${done.stderr.trim()}\n` +
      `Remedy: pulumi stack ls shows the stacks of this backend; one that was never brought up needs pulumi up --stack ${stack} first`,
  );
}
