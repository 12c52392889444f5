import { readHostState, type SlotContent } from "../../context/host-state";
import { findings, type Step, type StepContext, type StepOutcome } from "../../context/step";
import { Failure, ReleaseRefused } from "../../core/failure";
import type { Slot } from "../../host/commands/paths";
import { verifyRelease } from "../../verification/run";
import type { JournalFrom } from "../../verification/subject";
import { recordApplicationSchema } from "../schema/schema";
import { ensureRunning, lastWords, stopSlot } from "../slots/slots";
import { connectionsBefore, withSubject } from "./subject";

/** Looks at the staged release before any user does, on its own listener. */
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
  journalFrom: JournalFrom = staged.slot === serving ? "this verification" : "its start",
): Promise<StepOutcome> {
  const { slot, release } = staged;
  context.progress(`checking ${release} in slot ${slot}`);
  await ensureRunning(context, slot, staged);
  await recordApplicationSchema(context);
  await verifySlot(context, { slot, journalFrom, before: await connectionsBefore(context) });
  const found = findings(context.boxes);
  if (found.length > 0) {
    const journal = await lastWords(context, slot);
    if (slot !== serving) await stopSlot(context, slot);
    const { requests } = context.details as { requests?: { refused: number } };
    if ((requests?.refused ?? 0) > 0) throw limitReached(release, found, journal);
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

/** The limit of requests was used up: the release may be as good as any. */
function limitReached(release: string, found: readonly string[], journal: string[]): Failure {
  return new Failure(
    "rate-limited",
    `${release} could not be checked to the end: the application answered 429, its rate limit is used up.\n${found.map((row) => `  - ${row}`).join("\n")}`,
    "wait until the limit recovers (verification.rateLimitWindowMinutes), then raise attempt: pulumi config set attempt N, then pulumi up",
    { journal, changed: "undone" },
  );
}

/** Makes every check against the release in a slot; results go to the context's boxes and details. */
export async function verifySlot(context: StepContext, args: Parameters<typeof withSubject>[1]): Promise<void> {
  await withSubject(context, args, (subject) => verifyRelease(subject, context));
}
