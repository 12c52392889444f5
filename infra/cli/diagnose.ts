import { withClient } from "../context/database-connection";
import { readHostState } from "../context/host-state";
import type { StepContext } from "../context/step";
import { whoRuns } from "../core/who-runs";
import { diagnoseDeploymentLock } from "../diagnosis/deployment-lock";
import { ask, type Section } from "../diagnosis/finding";
import { diagnoseHost, readHostTraces } from "../diagnosis/host";
import { rebuildIndexes } from "../diagnosis/migrations";
import { diagnoseStack } from "../diagnosis/stack-traces";
import { renderDiagnosis } from "../diagnosis/text";
import { troubleshoot } from "../diagnosis/troubleshooting";
import { hostTracesScript } from "../host/commands/diagnosis-script";
import { LockStore } from "../lock/store";
import type { Looked } from "./look";
import { lastInput, servingInput } from "./stack-input";
import { pendingOf } from "./stack-state";
import { readStateLocks } from "./state-locks";

export type DiagnoseOptions = { refreshRegistry?: boolean; rebuildIndexes?: boolean; json?: boolean };

/** Says what is wrong with a deployed stack, what it means here and the next thing to do; changes nothing but by its options. */
export async function diagnose({ stack, state, open, say }: Looked, options: DiagnoseOptions): Promise<boolean> {
  const sections: Section[] = [diagnoseStack({ stack, pending: pendingOf(state), locks: await readStateLocks(stack) })];
  const last = await open("evidence", lastInput(stack, state));
  sections.push(
    await diagnoseDeploymentLock(new LockStore(last.input.bucket, stack, last.input.settings.target.region), whoRuns()),
  );
  const remedy = {
    means: "Host or database can't be reached from here, so only the state could be looked at.",
    command: `npm run preflight -- ${stack}`,
  };
  const reached: Section = { title: "What serves", asked: [], findings: [] };
  sections.push(reached);
  await ask(
    reached,
    "release and schema",
    async () => {
      const input = await servingInput(last);
      const context: StepContext = { ...last, input: input ?? last.input };
      if (options.rebuildIndexes === true)
        await ask(
          reached,
          "rebuilt indexes",
          async () =>
            (await withClient(context.connect("owner", "whole"), rebuildIndexes)).join(", ") || "none was invalid",
          {
            means: "An index could not be built anew; the message says what stands in its way.",
            command: `npm run diagnose -- ${stack}`,
          },
        );
      sections.push(
        await hostSection(context),
        ...(await troubleshoot(context, { refreshes: options.refreshRegistry === true })),
      );
      return input === undefined
        ? "nothing serves yet"
        : `${input.release.name} (${input.release.commit.slice(0, 12)}), schema ${input.settings.schemaVersion}`;
    },
    remedy,
  );
  say(options.json === true ? JSON.stringify(sections) : renderDiagnosis(sections));
  return sections.every((section) => section.findings.length === 0);
}

async function hostSection(context: StepContext): Promise<Section> {
  const { input, host, paths } = context;
  const { settings } = input;
  const state = await readHostState(context);
  const printed = await host.run("looking at the host", hostTracesScript(settings.app.name, paths));
  return diagnoseHost(
    {
      stack: input.stack,
      application: settings.app.name,
      attempt: settings.attempt,
      serving: state.serving,
      staged: state.staged?.slot ?? null,
      releases: paths.releases,
    },
    readHostTraces(printed),
  );
}
