import { type HostState, readHostState, type SlotContent } from "../../context/host-state";
import { prove, type Step, type StepContext, type StepOutcome, skip } from "../../context/step";
import { Failure, HostUnreached, ReleaseRefused } from "../../core/failure";
import type { Outage } from "../../host/commands/activate-script";
import { otherSlot, type Slot } from "../../host/commands/paths";
import { forgetVolumeScript } from "../../host/commands/shared-files";
import { ensureRunning, lastWords, stopSlot } from "../slots/slots";
import { backendState } from "../slots/started";
import { releasesOnHost } from "../stage/ledger";
import { verifyStaged } from "../verify/verify";
import { type Activation, confirm, drain, takeUpActivation, turn, turnBack, turnFirst } from "./activation";
import { bake } from "./bake";
import { rollbackProof } from "./rollback";

/** Turns traffic to the verified slot, watches it, and turns it back if anything fails. */
export const activate: Step = async (context) => {
  const done = await switchTraffic(context);
  // Not before: until here the rollback led to a release that may have files there.
  if (context.input.dataVolume === null)
    await context.host.run("forgetting the data volume", forgetVolumeScript(context.paths));
  return done;
};

async function switchTraffic(context: StepContext): Promise<StepOutcome> {
  const { settings } = context.input;
  const cut = await takeUpActivation(context);
  const state = await readHostState(context);
  const { staged, serving } = state;
  if (staged === null)
    throw new Failure(
      "nothing-staged",
      "no release is staged on the host",
      "raise attempt: pulumi config set attempt N, then pulumi up",
    );
  if (serving === staged.slot && cut?.to !== serving) {
    await ensureRunning(context, serving, staged);
    await bake(context, staged, (await backendState(context, serving)).restarts);
    // An earlier run may have been killed between confirming and this.
    await drain(context, otherSlot(serving));
    await stopSlot(context, otherSlot(serving));
    tellServing(context, staged);
    skip(context, ["RBK-1"], "no traffic was switched");
    return { outcome: "nothing to do", summary: `${staged.release} serves already, in slot ${serving}` };
  }
  const from = serving === staged.slot ? (cut?.from ?? null) : serving;
  if (from === null) {
    const startedMs = await ensureRunning(context, staged.slot, staged);
    const { restarts } = await backendState(context, staged.slot);
    if (!settings.app.overlap) await tellStarted(context, startedMs);
    if (!settings.app.overlap) await verifyHere(context, staged, null);
    await turnFirst(context, staged.slot);
    await bake(context, staged, restarts);
    tellServing(context, staged);
    skip(context, ["RBK-1"], "nothing served before");
    return { outcome: "completed", summary: `${staged.release} serves from slot ${staged.slot}` };
  }
  const previous = state.slots[from];
  const outage = await switchAndWatch(context, state, { to: staged.slot, from }, staged, serving === staged.slot);
  const cutRequests = settings.app.overlap ? await drain(context, from) : 0;
  await stopSlot(context, from);
  tellServing(context, staged);
  await proveRollback(context, staged, previous);
  return {
    outcome: "completed",
    summary:
      `${staged.release} serves from slot ${staged.slot}` +
      (settings.app.overlap
        ? `; slot ${from} drained${cutRequests > 0 ? `, ${cutRequests} requests cut at the deadline` : ""}`
        : "") +
      (outage === null ? "" : `; requests waited for ${outage.heldMs} ms`),
  };
}

/** Turns, bakes and confirms, or switches back and says why. */
async function switchAndWatch(
  context: StepContext,
  state: HostState,
  activation: Activation,
  staged: SlotContent,
  isTurned: boolean,
): Promise<Outage | null> {
  const { overlap } = context.input.settings.app;
  let outage: Outage | null = null;
  let hasServed = isTurned;
  if (overlap || isTurned) await ensureRunning(context, staged.slot, staged);
  try {
    // systemd counts from the last start by somebody: a slot that activation itself starts begins at 0.
    const restarts = overlap || isTurned ? (await backendState(context, staged.slot)).restarts : 0;
    if (!isTurned) {
      context.progress(`turning traffic to slot ${activation.to} (${staged.release})`);
      outage = await turn(context, state, activation, staged.release);
      hasServed = true;
      if (outage !== null) {
        tellOutage(context, outage);
        await tellStarted(context, outage.startMs);
      }
    }
    await bake(context, staged, restarts);
    // It could not be looked at before it ran: now, with the rollback still open.
    if (!overlap) await verifyHere(context, staged, staged.slot);
    await confirm(context, activation);
    return outage;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const journal = await lastWords(context, staged.slot);
    context.progress(`turning back to slot ${activation.from}: ${reason}`);
    await turnBack(context, state, activation).catch((backError: unknown) => {
      throw new Failure(
        "switch-back-failed",
        `${reason}; and turning back to slot ${activation.from} failed too: ${backError instanceof Error ? backError.message : String(backError)}`,
        "look at the host: unless it was restarted it turns back by itself within minutes; then run pulumi up again, which takes up what is left",
        { journal, changed: "kept" },
      );
    });
    // A connection that was lost says nothing of the release, nor does a limit of requests that is used up.
    const saysNothing = error instanceof HostUnreached || (error instanceof Failure && error.code === "rate-limited");
    const Kind = saysNothing ? Failure : ReleaseRefused;
    throw new Kind(
      hasServed ? "release-switched-back" : "release-not-switched-to",
      `${staged.release} ${hasServed ? "served and was taken back" : "was not taken"}: ${reason}`,
      `fix ${staged.release} or choose another release`,
      { journal, changed: "undone" },
    );
  }
}

/** Stage's own box, where it could only put the release in place. */
async function tellStarted(context: StepContext, startedMs: number): Promise<void> {
  await prove({ ...context, phase: "stage" }, "APP-2.1", async () => `health answered 200 after ${startedMs} ms`);
}

/** Verification's own work and boxes, done by this phase: before it the release could not run. */
async function verifyHere(context: StepContext, staged: SlotContent, serving: Slot | null): Promise<void> {
  await verifyStaged({ ...context, phase: "verify" }, staged, serving, "its start");
}

function tellOutage(context: StepContext, outage: Outage): void {
  const { heldMs, drainMs, stopMs, startMs, askMs } = outage;
  context.details.outage = outage;
  context.notice(
    `requests waited for ${heldMs} ms: ${drainMs} for those in flight, ${stopMs} for the old one's stop, ${startMs} for the new one's start, ${askMs} to ask it who it is`,
  );
}

function tellServing(context: StepContext, staged: SlotContent): void {
  context.details.serving = `${staged.release} in slot ${staged.slot}, since ${new Date().toISOString()}`;
}

async function proveRollback(context: StepContext, staged: SlotContent, previous: SlotContent | null): Promise<void> {
  await prove(context, "RBK-1", async () =>
    rollbackProof(await releasesOnHost(context), {
      from: previous,
      to: staged,
      overlap: context.input.settings.app.overlap,
    }),
  );
}
