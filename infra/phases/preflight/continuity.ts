import { randomBytes } from "node:crypto";
import type { HostState } from "../../context/host-state";
import type { StepContext } from "../../context/step";
import { changedVariables, continuityScript } from "../../host/commands/continuity";
import { slotEnvironment } from "../slots/slots";

/**
 * Compares the variables that must not change under data (`app.continuity`) with those of the release that serves.
 * @returns what is wrong, one line each: a release that starts with another encryption key may delete what it can't read
 */
export async function continuityProblems(context: StepContext, { serving }: HostState): Promise<string[]> {
  const { continuity, continuityChanges } = context.input.settings.app;
  if (serving === null || continuity.length === 0) return [];
  const key = randomBytes(32).toString("hex");
  const printed = await context.host.run(
    "comparing what must not change under data",
    continuityScript(context.paths.slotEnvironment(serving), continuity, key),
  );
  const changed = changedVariables(printed, slotEnvironment(context, serving), key);
  context.details.continuity = { compared: continuity, changed };
  return changed
    .filter((name) => !continuityChanges.includes(name))
    .map(
      (name) =>
        `app.continuity: ${name} is not what it is for the release that serves, and a start with another value may delete what was stored with the old one. ` +
        `Remedy: set its old value again; or, once somebody knows what becomes of the data, pulumi config set --path 'app.continuityChanges[0]' ${name}`,
    );
}
