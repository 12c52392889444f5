import { whyNotNeeded } from "../checklist/provable";
import { prove, type StepContext, skip } from "../context/step";
import { checks } from "./checks";
import { firstLook } from "./pages";
import { Round } from "./round";
import type { Subject } from "./subject";

/**
 * Makes every check that this release can pass and keeps its result; what the checks made is gone afterwards, but for the account
 * of their own user, which is disabled. Never throws for a box that does not hold.
 */
export async function verifyRelease(
  subject: Subject,
  record: Pick<StepContext, "phase" | "boxes" | "details">,
): Promise<void> {
  const { release, schemaVersion, settings, progress } = subject;
  const round = new Round(subject);
  const hasPages = whyNotNeeded("WEB-1.4", release, schemaVersion, settings.app) === undefined;
  if (hasPages) void round.browser().catch(() => undefined);
  // Nothing is asked before it is known what was there.
  await Promise.allSettled([round.journalSeen, round.statementsBefore]);
  await round
    .clearLeftovers()
    .catch((error: unknown) =>
      progress(`leftovers of an earlier verification: ${error instanceof Error ? error.message : String(error)}`),
    );
  if (hasPages) void firstLook(round).catch(() => undefined);
  for (const [id, check] of checks) {
    const reason = whyNotNeeded(id, release, schemaVersion, settings.app);
    if (reason !== undefined) skip(record, [id], reason);
    else if ((await prove(record, id, () => check(round))).result === "failed") progress(`${id} does not hold`);
  }
  // A failure of the box that used it: an account that stays open is for somebody to see to.
  await round.end().then(
    (account) => (record.details.checkAccount = account),
    (error: unknown) => prove(record, "FUN-2.1", () => Promise.reject(error)),
  );
  const { used, refused, budget } = round.application;
  record.details.requests = { used, limit: budget.limit, windowMinutes: budget.windowMinutes, refused };
  record.details.screenshots = round.screenshots;
}
