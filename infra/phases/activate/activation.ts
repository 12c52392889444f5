import { type HostState, readHostState } from "../../context/host-state";
import type { StepContext } from "../../context/step";
import { loopback } from "../../core/loopback";
import {
  armScript,
  confirmScript,
  disarmScript,
  drainScript,
  exchangeScript,
  type Outage,
  pageScript,
  proofScript,
  type StartableSlots,
  turnBackScript,
  turnScript,
} from "../../host/commands/activate-script";
import type { Slot } from "../../host/commands/paths";
import { line } from "../../host/commands/shell";
import { slotBackends } from "../slots/slots";

/** A turn of the traffic that is not confirmed yet. */
export type Activation = { to: Slot; from: Slot };

/** Beyond the bake time: how long the host waits for the program before it switches back by itself. */
const patienceSeconds = 120;

/** Turns traffic from one slot to the other, to be confirmed; for how long requests were held, where they were. */
export async function turn(
  context: StepContext,
  state: HostState,
  activation: Activation,
  release: string,
): Promise<Outage | null> {
  const { app, verification } = context.input.settings;
  const args = { ...slotsOf(context, state), ...activation };
  const arm = armScript({
    ...args,
    turnBack: turnBackScript({ ...args, overlap: app.overlap }),
    afterSeconds: verification.bakeSeconds + patienceSeconds,
  });
  if (app.overlap) {
    await context.host.runWhole(`turning traffic to slot ${activation.to}`, `${arm}${turnScript(args)}`, {
      progress: context.progress,
    });
    return null;
  }
  const previewPort = loopback.preview[activation.to];
  const proof = proofScript({
    previewPort,
    healthPath: args.backends[activation.to].healthPath,
    releaseField: app.healthReleaseField,
    release,
  });
  const printed = await context.host.runWhole(
    `exchanging slot ${activation.from} for ${activation.to}`,
    `${arm}${exchangeScript({ ...args, ahead: pageScript(previewPort), proof })}`,
    {
      timeoutMs: exchangeTimeoutMs(context, args),
      progress: context.progress,
    },
  );
  return JSON.parse(printed.split("\n").at(-1) ?? "") as Outage;
}

/** Turns traffic for the first time: nothing served, so there is nothing to go back to. */
export async function turnFirst(context: StepContext, to: Slot): Promise<void> {
  const args = { application: context.input.settings.app.name, paths: context.paths, to, from: null };
  await context.host.run(`turning traffic to slot ${to}`, turnScript(args));
}

/** The old slot serves again, started where it was stopped; the new one is stopped. */
export async function turnBack(context: StepContext, state: HostState, activation: Activation): Promise<void> {
  const { app } = context.input.settings;
  const args = { ...slotsOf(context, state), ...activation };
  await context.host.runWhole(
    `turning back to slot ${activation.from}`,
    `${disarmScript(app.name)}if [ -e ${line(context.paths.activation)} ]; then
${turnBackScript({ ...args, overlap: app.overlap })}fi`,
    {
      timeoutMs: exchangeTimeoutMs(context, args),
      progress: context.progress,
    },
  );
}

/** @throws Failure where the host has switched back by itself */
export async function confirm(context: StepContext, activation: Activation): Promise<void> {
  await context.host.run(
    "confirming the activation",
    confirmScript({ application: context.input.settings.app.name, paths: context.paths, ...activation }),
  );
}

/** Waits until a slot's requests have ended, up to the deadline; how many were cut. */
export async function drain(context: StepContext, slot: Slot): Promise<number> {
  const seconds = context.input.settings.app.backend.drainTimeoutSeconds;
  const printed = await context.host.run(`draining slot ${slot}`, drainScript(context.paths, slot, seconds), {
    timeoutMs: (seconds + 60) * 1000,
  });
  return Number(printed.split("\n").at(-1));
}

/** What an earlier run began and neither confirmed nor switched back; the host leaves it to the caller from now on. */
export async function takeUpActivation(context: StepContext): Promise<Activation | null> {
  const printed = await context.host.run(
    "looking for an activation that was cut",
    `${disarmScript(context.input.settings.app.name)}cat ${line(context.paths.activation)} 2>/dev/null || echo null`,
  );
  return JSON.parse(printed) as Activation | null;
}

/** An activation that was cut is switched back, so that what follows begins with the release that was proved. */
export async function settleActivation(context: StepContext): Promise<void> {
  const cut = await takeUpActivation(context);
  if (cut === null) return;
  context.notice(`an activation was cut before it was confirmed: turning back to slot ${cut.from}`);
  await turnBack(context, await readHostState(context), cut);
}

function slotsOf(context: StepContext, state: HostState) {
  const { settings } = context.input;
  return { application: settings.app.name, paths: context.paths, backends: slotBackends(settings, state) };
}

/** One slot stopped, the other started, and where that fails the first started again. */
function exchangeTimeoutMs(context: StepContext, { backends }: StartableSlots): number {
  const startSeconds = backends.blue.startTimeoutSeconds + backends.green.startTimeoutSeconds;
  return (startSeconds + context.input.settings.app.backend.drainTimeoutSeconds + 60) * 1000;
}
