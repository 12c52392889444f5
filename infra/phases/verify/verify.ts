import { readHostState, type SlotContent } from "../../context/host-state";
import { findings, type Step, type StepContext, type StepOutcome } from "../../context/step";
import { Failure, ReleaseRefused } from "../../core/failure";
import type { Slot } from "../../host/commands/paths";
import type { ConnectionsSeen } from "../../verification/existing-connections";
import { verifyRelease } from "../../verification/run";
import { recordApplicationSchema } from "../schema/schema";
import { ensureRunning, lastWords, stopSlot } from "../slots/slots";
import { connectionsBefore, withSubject } from "./subject";

/** Looks at the staged release before any user does, on a listener of its own. */
export const verify: Step = async (context) => {
  const state = await readHostState(context);
  if (state.staged === null)
    throw new Failure(
      "nothing-staged",
      "no release is staged on the host",
      "raise attempt: pulumi config set attempt N, then pulumi up",
    );
  if (!context.input.settings.app.overlap && state.staged.slot !== state.serving)
    return {
      outcome: "nothing to do",
      summary: "two copies must not run: the release is verified by activation, which starts it",
    };
  return verifyStaged(context, state.staged, state.serving);
};

/**
 * Every check, against the staged release, started where it is not up.
 * @throws ReleaseRefused with all that failed; a slot that serves nobody is stopped then
 */
export async function verifyStaged(
  context: StepContext,
  staged: SlotContent,
  serving: Slot | null,
): Promise<StepOutcome> {
  const { slot, release } = staged;
  context.progress(`checking ${release} in slot ${slot}`);
  await ensureRunning(context, slot);
  await recordApplicationSchema(context);
  await verifySlot(context, slot, await connectionsBefore(context));
  const found = findings(context.boxes);
  if (found.length > 0) {
    const journal = await lastWords(context, slot);
    if (slot !== serving) await stopSlot(context, slot);
    throw new ReleaseRefused(
      "checks-failed",
      `${release} failed ${found.length} of ${context.boxes.length} checks:\n${found.map((row) => `  - ${row}`).join("\n")}`,
      `fix ${release} or choose another release`,
      { journal, changed: "undone" },
    );
  }
  const passed = context.boxes.filter((box) => box.result === "passed").length;
  return { outcome: "completed", summary: `${passed} checks passed against slot ${slot}` };
}

/**
 * Makes every check against the release in a slot; results go to the context's boxes and details.
 * @param before the connections as they were before this release started, where somebody looked
 */
export async function verifySlot(
  context: StepContext,
  slot: Slot,
  before: ConnectionsSeen | null = null,
): Promise<void> {
  await withSubject(context, slot, before, (subject) => verifyRelease(subject, context));
}
