import { boxes } from "../checklist/boxes";
import { readHostState } from "../context/host-state";
import type { StepContext } from "../context/step";
import { verifySlot } from "../phases/verify/verify";
import type { Looked } from "./look";
import { lastInput, servingInput } from "./stack-input";

/** Makes every check of the verification against what serves; what a check creates it removes. */
export async function verifyNow({ stack, state, open, say }: Looked): Promise<boolean> {
  const last = await open("verify", lastInput(stack, state));
  const [{ serving }, input] = [await readHostState(last), await servingInput(last)];
  if (serving === null || input === undefined) {
    say(`Nothing serves yet.\nwhat to do: pulumi up --stack ${stack}`);
    return false;
  }
  const context: StepContext = { ...last, input };
  context.progress(
    `checking ${input.release.name} at schema ${input.settings.schemaVersion} in slot ${serving}, which serves`,
  );
  await verifySlot(context, { slot: serving, before: null, journalFrom: "this verification" });
  const title = new Map<string, string>(boxes.map((box) => [box.id, box.title]));
  const shown = context.boxes.filter(({ result }) => result !== "not needed");
  for (const { id, result, evidence, reason } of shown.sort(
    (a, b) => Number(a.result !== "failed") - Number(b.result !== "failed"),
  ))
    say(
      `${result.padEnd(7)} ${id.padEnd(8)} ${title.get(id)}: ${evidence || reason}${evidence === "" || reason === undefined ? "" : `\n        what to do: ${reason}`}`,
    );
  const { used, limit } = context.details.requests as { used: number; limit: number };
  say(
    `Sent ${used} of at most ${limit} requests (verification.requestBudget). ${String(context.details.checkAccount ?? "No account was used")}.`,
  );
  const count = (word: string) => shown.filter(({ result }) => result === word).length;
  const [failed, unproved] = [count("failed"), count("not yet")];
  say(
    failed === 0
      ? `${count("passed")} checks hold${unproved === 0 ? "" : `, ${unproved} could not be made`}.`
      : `${failed} of ${shown.length} checks do not hold. npm run diagnose -- ${stack} says what else is wrong; docs/runbooks/rollback.md how to go back.`,
  );
  return failed === 0;
}
