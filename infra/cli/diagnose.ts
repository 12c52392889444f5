import { withClient } from "../context/database-connection";
import { type HostState, readHostState } from "../context/host-state";
import type { StepContext } from "../context/step";
import { whoRuns } from "../core/who-runs";
import { diagnoseArtifact } from "../diagnosis/artifacts";
import { withConfigFile } from "../diagnosis/config-file";
import { diagnoseDatabase, startDatabase } from "../diagnosis/database";
import { diagnoseDeploymentLock } from "../diagnosis/deployment-lock";
import { ask, type Section } from "../diagnosis/finding";
import { diagnoseHost, readHostTraces } from "../diagnosis/host";
import { rebuildIndexes } from "../diagnosis/migrations";
import { diagnosePublicSite } from "../diagnosis/public-site";
import { diagnoseStack } from "../diagnosis/stack-traces";
import { renderDiagnosis } from "../diagnosis/text";
import { troubleshoot } from "../diagnosis/troubleshooting";
import { hostTracesScript } from "../host/commands/diagnosis-script";
import { LockStore } from "../lock/store";
import type { Looked } from "./look";
import { lastInput, servingInput } from "./stack-input";
import { pendingOf } from "./stack-state";
import { readStateLocks } from "./state-locks";

export type DiagnoseOptions = {
  refreshRegistry?: boolean;
  rebuildIndexes?: boolean;
  startDatabase?: boolean;
  json?: boolean;
};

/** Says what is wrong with a deployed stack, what it means here and the next thing to do; changes nothing but by its options. */
export async function diagnose(
  { stack, configFile, state, open, say }: Looked,
  options: DiagnoseOptions,
): Promise<boolean> {
  const stackSection = diagnoseStack({ stack, pending: pendingOf(state), locks: await readStateLocks(stack) });
  const last = await open("evidence", lastInput(stack, state));
  if (options.startDatabase === true) await startDatabase(last.input);
  const [lock, database, host, site] = await Promise.all([
    diagnoseDeploymentLock(new LockStore(last.input.bucket, stack, last.input.settings.target.region), whoRuns()),
    diagnoseDatabase(last),
    lookAtHost(last),
    diagnosePublicSite(last),
  ]);
  const sections: Section[] = [stackSection, lock.section, database, host.section];
  // A bucket that is gone is a finding already.
  if (host.state !== undefined && lock.hasBucket) sections.push(await diagnoseArtifact(last.input, host.state));
  // What users see follows from what is wrong below it, and needs no separate command then.
  const isExplained = sections.some((section) => section.findings.length > 0);
  sections.push({ ...site.section, findings: [...site.section.findings, ...(isExplained ? [] : site.symptoms)] });
  if (host.state !== undefined && database.findings.length === 0)
    sections.push(...(await lookThroughDatabase(last, options)));
  const found = sections.map((section) => ({
    ...section,
    findings: section.findings.map((finding) => ({ ...finding, command: withConfigFile(finding.command, configFile) })),
  }));
  say(options.json === true ? JSON.stringify(found) : renderDiagnosis(found));
  return found.every((section) => section.findings.length === 0);
}

/** Also while the database is away. */
async function lookAtHost(context: StepContext): Promise<{ section: Section; state: HostState | undefined }> {
  const { input, host, paths } = context;
  const { settings } = input;
  const region = settings.target.region;
  const section: Section = { title: "The host", asked: [], findings: [] };
  let seen: { section: Section; state: HostState } | undefined;
  await ask(
    section,
    `host ${input.host.id} at ${input.host.address}`,
    async () => {
      const state = await readHostState(context);
      const printed = await host.run("looking at the host", hostTracesScript(settings.app.name, paths));
      const situation = {
        stack: input.stack,
        application: settings.app.name,
        attempt: settings.attempt,
        serving: state.serving,
        staged: state.staged?.slot ?? null,
        contents: state.slots,
        paths,
      };
      seen = { state, section: diagnoseHost(situation, readHostTraces(printed)) };
      return "answers";
    },
    {
      means:
        "The host does not let this machine in, so nobody looked at it. Amazon says whether it runs; a stopped one is started so:",
      command: `aws ec2 start-instances --instance-ids ${input.host.id} --region ${region}`,
    },
  );
  return seen ?? { section, state: undefined };
}

/** What serves, migrations, the application's start, its registry. */
async function lookThroughDatabase(last: StepContext, options: DiagnoseOptions): Promise<Section[]> {
  const { stack } = last.input;
  const section: Section = { title: "What serves", asked: [], findings: [] };
  const more: Section[] = [];
  await ask(
    section,
    "release and schema",
    async () => {
      const input = await servingInput(last);
      const context: StepContext = { ...last, input: input ?? last.input };
      if (options.rebuildIndexes === true)
        await ask(
          section,
          "rebuilt indexes",
          async () =>
            (await withClient(context.connect("owner", "whole"), rebuildIndexes)).join(", ") || "none was invalid",
          {
            means: "An index could not be rebuilt; the message says what is in its way.",
            command: `npm run diagnose -- ${stack}`,
          },
        );
      more.push(...(await troubleshoot(context, { refreshes: options.refreshRegistry === true })));
      return input === undefined
        ? "nothing serves yet"
        : `${input.release.name} (${input.release.commit.slice(0, 12)}), schema ${input.settings.schemaVersion}`;
    },
    {
      means: "The host or the database stopped answering while this command looked.",
      command: `npm run preflight -- ${stack}`,
    },
  );
  return [section, ...more];
}
