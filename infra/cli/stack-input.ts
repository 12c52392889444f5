import { withClient } from "../context/database-connection";
import { readHostState } from "../context/host-state";
import type { StepInput } from "../context/input";
import { locateHost } from "../context/locate-host";
import type { StepContext } from "../context/step";
import { Failure } from "../core/failure";
import { schemaVersion } from "../database/migrations/journal";
import { inputOf, readStackState, type StackState } from "./stack-state";

/**
 * What a stack's phases were given at its last deployment: for commands that look at it, or fix it, without one.
 * @throws Error saying what to do when the stack is not there or was never deployed
 */
export async function stackInput(stack: string): Promise<StepInput> {
  return locateHost(lastInput(stack, await readStackState(stack)));
}

/** @throws Error saying what to do when no phase of the stack was ever completed */
export function lastInput(stack: string, state: StackState): StepInput {
  const input = inputOf(state);
  if (input !== undefined) return input;
  throw new Failure(
    "never-deployed",
    `the stack ${stack} has no deployment: none of its phases was ever completed, so nothing is known of host and database`,
    `pulumi up --stack ${stack}; when it stops, its own message says why`,
  );
}

/**
 * The same with the release that serves and the schema that is there, whatever the last deployment asked for.
 * @returns undefined where nothing serves
 */
export async function servingInput(
  context: Pick<StepContext, "input" | "host" | "paths" | "connect">,
): Promise<StepInput | undefined> {
  const state = await readHostState(context);
  const content = state.serving === null ? null : state.slots[state.serving];
  if (content === null) return undefined;
  const version = await withClient(context.connect("readonly"), schemaVersion);
  const { input } = context;
  return {
    ...input,
    release: { name: content.release, commit: content.commit },
    settings: { ...input.settings, release: content.release, schemaVersion: version },
  };
}
