import { whyNotNeeded } from "../checklist/provable";
import { prove, type StepContext, skip } from "../context/step";
import { checks } from "./checks";
import { firstLook } from "./pages";
import { Round } from "./round";
import type { Subject } from "./subject";

/**
 * Runs every check that this release can pass and records its result. What the checks created is removed afterwards, except the check
 * account, which is disabled. Never throws for a box that fails.
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
      progress(
        `leftovers of an earlier verification could not be removed: ${error instanceof Error ? error.message : String(error)}`,
      ),
    );
  if (hasPages) void firstLook(round).catch(() => undefined);
  for (const [id, check] of checks) {
    const reason = whyNotNeeded(id, release, schemaVersion, settings.app);
    if (reason !== undefined) skip(record, [id], reason);
    else if ((await prove(record, id, () => check(round))).result === "failed") progress(`${id} failed`);
  }
  // Fails the box that used it: somebody has to deal with an account that stays enabled.
  await round.end().then(
    (account) => (record.details.checkAccount = account),
    (error: unknown) => prove(record, "FUN-2.1", () => Promise.reject(error)),
  );
  const { used, refused, budget } = round.application;
  record.details.requests = { used, limit: budget.limit, windowMinutes: budget.windowMinutes, refused };
  record.details.screenshots = round.screenshots;
}
