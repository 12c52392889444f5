import type { StepInput } from "../../../infra/context/input";
import type { Phase } from "../../../infra/core/phases";
import type { Rehearsal } from "../../rehearsal/rehearsal";
import { stepProcess } from "../steps";

/** What the cases share: a stack that serves v1.2.0 at schema 2, before each of them and after. */
export type Suite = () => { rehearsal: Rehearsal; input: StepInput };

export function healthOf(input: StepInput) {
  return {
    address: input.host.address,
    publicName: input.settings.network.publicName,
    path: "/api/system/health",
    perSecond: 20,
    keepAlive: true,
  };
}

/** Starts a phase in a process of its own and kills it as soon as it says something. @throws Error when it ends before */
export async function ended(input: StepInput, phase: Phase, says: RegExp): Promise<void> {
  const step = stepProcess(phase, input);
  let said = "";
  await new Promise<void>((resolve, reject) => {
    step.all.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (says.test(said)) resolve();
    });
    void step.then(() => reject(new Error(`${phase} ended before it said ${String(says)}: ${said}`)));
  });
  step.kill("SIGKILL");
  await step;
}
