import { setTimeout as sleep } from "node:timers/promises";
import { statisticsScript, turnScript } from "../commands/activate-script";
import { haproxyConfig, readSessions } from "../commands/haproxy";
import { backendUnit, type Slot } from "../commands/paths";
import { StepFailure } from "./failure";
import { readHostState, type SlotContent } from "./host-state";
import { PublicSite } from "./public-site";
import { ensureRunning, lastWords, stopSlot } from "./slots";
import { findings, prove, type Step, type StepContext } from "./step";

/** Turns traffic to the verified slot, watches it, and turns it back if anything fails. */
export const activate: Step = async (context) => {
  const { input, progress } = context;
  const state = await readHostState(context);
  const { staged, serving } = state;
  if (staged === null) throw new StepFailure("no release is staged on the host", "raise attempt: pulumi config set attempt N, then pulumi up");
  await ensureRunning(context, staged.slot);
  const isTurning = serving !== staged.slot;
  if (isTurning) {
    progress(`turning traffic to slot ${staged.slot} (${staged.release})`);
    await turn(context, staged.slot, serving);
  }
  try {
    await watch(context, staged);
  } catch (error) {
    if (!isTurning) throw error;
    const journal = await lastWords(context, staged.slot);
    const reason = error instanceof Error ? error.message : String(error);
    if (serving !== null) {
      progress(`turning back to slot ${serving}: ${reason}`);
      await ensureRunning(context, serving);
      await turn(context, serving, staged.slot);
      await stopSlot(context, staged.slot);
    }
    throw new StepFailure(
      `${staged.release} served and was taken back: ${reason}`,
      `mend ${staged.release} or choose another release`,
      journal,
    );
  }
  context.details.serving = `${staged.release} in slot ${staged.slot}, since ${new Date().toISOString()}`;
  if (!isTurning) return { outcome: "nothing to do", summary: `${staged.release} serves already, in slot ${staged.slot}` };
  const drained = serving === null ? "" : `; ${await drain(context, serving)}`;
  const previous = serving === null ? null : state.slots[serving];
  const isBack = previous !== null && input.settings.schemaVersion <= previous.schemaVersion && previous.release !== staged.release;
  context.boxes.push(
    isBack
      ? { id: "RBK-1", result: "passed", evidence: `from ${previous.release} to ${staged.release} without a stop`, source: context.phase }
      : { id: "RBK-1", result: "not needed", evidence: "", reason: "this deployment went forward", source: context.phase },
  );
  return { outcome: "completed", summary: `${staged.release} serves from slot ${staged.slot}${drained}` };
};

async function turn(context: StepContext, to: Slot, from: Slot | null): Promise<void> {
  const { app } = context.input.settings;
  await context.host.run(
    `turning traffic to slot ${to}`,
    turnScript({
      application: app.name,
      paths: context.paths,
      to,
      from,
      haproxyConfig: haproxyConfig({ application: app.name, ports: app.backend.ports, serving: to }),
    }),
  );
}

/** Public checks, at once and again when the bake time is over; the backend must not have died in between. */
async function watch(context: StepContext, staged: SlotContent): Promise<void> {
  const { settings, host } = context.input;
  const site = new PublicSite(host.address, settings.network.publicName, settings.keys.tlsCertificate);
  const unit = backendUnit(settings.app.name, staged.slot);
  const restarts = () => context.host.run("asking systemd", `systemctl show -p NRestarts --value ${unit}`);
  const before = await restarts();
  const check = async () => {
    const page = await site.get("/");
    if (page.status !== 200 || !/<html/i.test(page.body)) throw new Error(`https://${settings.network.publicName}/ answered ${page.status} and not a page`);
    const health = await site.get(settings.app.routes.health);
    if (health.status !== 200) throw new Error(`${settings.app.routes.health} answered ${health.status} under the public name`);
    return `/ and ${settings.app.routes.health} answered 200 over TLS as ${settings.network.publicName}`;
  };
  const bakeSeconds = settings.verification.bakeSeconds;
  await prove(context, "WEB-1.3", async () => {
    const first = await check();
    context.progress(`watching for ${bakeSeconds} s`);
    for (const end = Date.now() + bakeSeconds * 1000; Date.now() < end; await sleep(500)) await check();
    if ((await restarts()) !== before) throw new Error(`the backend in slot ${staged.slot} died within the bake time of ${bakeSeconds} s`);
    return `${first}; quiet for ${bakeSeconds} s`;
  });
  const found = findings(context.boxes);
  if (found.length > 0) throw new Error(found.join("; "));
}

/** Waits until the old slot has no request left, up to the deadline, then stops it; its release stays on the host. */
async function drain(context: StepContext, slot: Slot): Promise<string> {
  const seconds = context.input.settings.app.backend.drainTimeoutSeconds;
  const startedAt = Date.now();
  context.progress(`draining slot ${slot}`);
  let left = Number.POSITIVE_INFINITY;
  while (left > 0 && Date.now() - startedAt < seconds * 1000) {
    left = readSessions(await context.host.run("asking HAProxy", statisticsScript(context.paths)))[slot].sessions;
    if (left > 0) await sleep(200);
  }
  await stopSlot(context, slot);
  return left === 0
    ? `slot ${slot} drained in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`
    : `slot ${slot} still had ${left} requests after ${seconds} s and was stopped`;
}
