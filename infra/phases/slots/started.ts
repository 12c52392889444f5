import type { SlotContent } from "../../context/host-state";
import type { StepContext } from "../../context/step";
import {
  type BackendState,
  backendStateScript,
  readBackendState,
  silenceReason,
} from "../../host/commands/backend-state";
import type { Slot } from "../../host/commands/paths";
import { line } from "../../host/commands/shell";
import { toldReleaseProblem } from "../../host/commands/told-release";

/** How a slot's backend fares. */
export async function backendState(context: StepContext, slot: Slot): Promise<BackendState> {
  return readBackendState(
    await context.host.run("asking after the backend", backendStateScript(context.input.settings.app.name, slot)),
  );
}

/** @throws Error when the backend that has just come up reports another release than its slot holds */
export async function checkStarted(context: StepContext, content: SlotContent): Promise<void> {
  const { app } = context.input.settings;
  const health = `http://127.0.0.1:${content.port}${content.healthPath}`;
  const body = await context.host.run("asking the new release who it is", line("curl", "-s", "-m", "5", health));
  const problem = toldReleaseProblem(body, app.healthReleaseField, content.release);
  if (problem !== undefined) throw new Error(problem);
}

/** What the ports tell of a backend that runs and does not answer; empty where they tell nothing. */
export async function whySilent(context: StepContext, { slot, port }: SlotContent): Promise<string> {
  const state = await backendState(context, slot).catch(() => undefined);
  const reason = state === undefined ? undefined : silenceReason(state, port);
  return reason === undefined ? "" : `; ${reason}`;
}
