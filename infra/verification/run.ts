import { whyNotNeeded } from "../checklist/provable";
import type { BoxResult } from "../checklist/result";
import { prove, type StepContext } from "../steps/step";
import { checks } from "./checks";
import { Round } from "./round";
import type { Subject } from "./subject";

/**
 * Makes every check that this release can pass and keeps its result; what the checks made is gone afterwards, but for the account
 * of their own user, which is disabled. Never throws for a box that does not hold.
 */
export async function verifyRelease(subject: Subject, record: Pick<StepContext, "phase" | "boxes" | "details">): Promise<void> {
  const { release, schemaVersion, settings, progress } = subject;
  const round = new Round(subject);
  if (whyNotNeeded("WEB-1.4", release, schemaVersion, settings.app) === undefined) void round.browser().catch(() => undefined);
  await round.clearLeftovers().catch((error: unknown) => progress(`leftovers of an earlier verification: ${error instanceof Error ? error.message : String(error)}`));
  const proved = async ([id, check]: (typeof checks)[number]): Promise<BoxResult[]> => {
    const reason = whyNotNeeded(id, release, schemaVersion, settings.app);
    if (reason !== undefined) return [{ id, result: "not needed", evidence: "", reason, source: record.phase }];
    const boxes: BoxResult[] = [];
    if (!(await prove({ phase: record.phase, boxes }, id, () => check(round)))) progress(`${id} does not hold`);
    return boxes;
  };
  // Pages take most of their time to show that they ask for nothing more: they do so beside the checks before them.
  const aside = new Map(checks.filter(([id]) => id === "WEB-1.4").map((check) => [check, proved(check)]));
  for (const check of checks) record.boxes.push(...(await (aside.get(check) ?? proved(check))));
  // A failure of the box that used it: an account that stays open is for somebody to see to.
  await round.end().then(
    (account) => (record.details.checkAccount = account),
    (error: unknown) => prove(record, "FUN-2.1", () => Promise.reject(error)),
  );
  const { used, refused, budget } = round.application;
  record.details.requests = { used, limit: budget.limit, windowMinutes: budget.windowMinutes, refused };
  record.details.screenshots = round.screenshots;
}
