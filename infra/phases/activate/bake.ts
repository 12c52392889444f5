import { setTimeout as sleep } from "node:timers/promises";
import type { SlotContent } from "../../context/host-state";
import { prove, type StepContext } from "../../context/step";
import { backendProblem } from "../../host/commands/backend-state";
import type { Slot } from "../../host/commands/paths";
import { line } from "../../host/commands/shell";
import { toldReleaseProblem } from "../../host/commands/told-release";
import { PublicSite } from "../../host/public-site";
import { close, open } from "../slots/maintenance";
import { backendState, checkStarted } from "../slots/started";

/** How often the public site is asked within the bake time: older releases take 100 requests in 15 minutes from one client. */
const publicQuestions = 20;

/**
 * Watches a release that serves for the bake time: page and health under the public name, the backend alive, its memory in bounds.
 * @throws Error at the first thing that is not so
 */
export async function bake(context: StepContext, staged: SlotContent, restartsBefore: number): Promise<void> {
  const { settings, host } = context.input;
  const { publicName } = settings.network;
  const site = new PublicSite(host.address, publicName, {
    chain: settings.keys.tlsCertificate,
    authority: context.input.publicAuthority,
  });
  const limits = { restartsBefore, memoryLimitMiB: settings.app.backend.memoryLimitMiB };
  const bakeMs = settings.verification.bakeSeconds * 1000;
  let highestMiB = 0;

  const lookInside = async () => {
    const state = await backendState(context, staged.slot);
    highestMiB = Math.max(highestMiB, state.memoryMiB);
    const problem = backendProblem(state, limits);
    if (problem !== undefined)
      throw new Error(`${problem}, within the bake time of ${settings.verification.bakeSeconds} s`);
  };
  // Closed before by an earlier run, and closed again where this release does not hold.
  const wasClosed = settings.maintenance ? await close(context).then(() => true) : await open(context);
  const look = settings.maintenance ? lookAtClosed : lookFromOutside;
  const page = settings.app.healthReleaseField === "" ? await pageOf(context, staged.slot) : undefined;
  const answered = await prove(context, "WEB-1.3", async () => {
    const startedAt = Date.now();
    let asked = 0;
    do {
      await lookInside();
      if (Date.now() - startedAt >= (asked * bakeMs) / publicQuestions) {
        await look(context, site, { staged, page, hasAnswered: asked > 0 });
        if (asked === 0) context.progress(`watching for ${settings.verification.bakeSeconds} s`);
        asked += 1;
      }
      await sleep(Math.min(500, Math.max(0, startedAt + bakeMs - Date.now())));
    } while (Date.now() - startedAt < bakeMs);
    await lookInside();
    await look(context, site, { staged, page, hasAnswered: true });
    if (settings.maintenance)
      return `closed for maintenance: users get that page; behind it ${staged.release} answers in slot ${staged.slot}`;
    return `/ and ${settings.app.routes.health} answered 200 over TLS as ${publicName}, ${page === undefined ? `as ${staged.release}` : `with the page of ${staged.release}; which backend answers is not told (app.healthReleaseField is empty)`}; quiet for ${settings.verification.bakeSeconds} s, ${highestMiB} MiB at most`;
  });
  if (answered.result === "failed" && wasClosed) await close(context);
  if (answered.result === "failed") throw new Error(answered.evidence);
}

type Expected = {
  staged: SlotContent;
  /** What `/` answers, where health does not tell the release. */
  page: string | undefined;
  hasAnswered: boolean;
};

/** The page by which a release is known whose health does not tell it. */
async function pageOf({ host, paths }: StepContext, slot: Slot): Promise<string> {
  return host.run("reading the release's page", line("cat", `${paths.slot(slot)}/frontend/index.html`));
}

/** @throws Error where users do not get this release */
export async function lookFromOutside(
  context: Pick<StepContext, "input">,
  site: Pick<PublicSite, "get">,
  { staged, page: expected, hasAnswered }: Expected,
): Promise<void> {
  const { app, network } = context.input.settings;
  const page = await site.get("/");
  if (page.status !== 200 || !/<html/i.test(page.body))
    throw new Error(`https://${network.publicName}/ answered ${page.status} and not a page`);
  if (expected !== undefined && page.body.trim() !== expected.trim())
    throw new Error(`https://${network.publicName}/ answers another page than that of ${staged.release}`);
  const health = await site.get(app.routes.health);
  // The application's own limit of requests, used up by somebody at this address: an answer all the same.
  if (health.status === 429 && hasAnswered) return;
  if (health.status === 429)
    throw new Error(`${app.routes.health} answered 429 under the public name: the application's rate limit is used up`);
  if (health.status !== 200) throw new Error(`${app.routes.health} answered ${health.status} under the public name`);
  const problem = toldReleaseProblem(health.body, app.healthReleaseField, staged.release);
  if (problem !== undefined) throw new Error(`under the public name ${problem}`);
}

/** `maintenance: true`: the door is shut, and the release behind it is the right one. */
async function lookAtClosed(context: StepContext, site: PublicSite, { staged }: Expected): Promise<void> {
  for (const path of ["/", context.input.settings.app.routes.health]) {
    const { status } = await site.get(path);
    if (status !== 503) throw new Error(`the service should be closed for maintenance, and ${path} answered ${status}`);
  }
  await checkStarted(context, staged);
}
