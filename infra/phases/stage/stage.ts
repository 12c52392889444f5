import { failed, type Proof } from "../../checklist/result";
import { readHostState, type SlotContent, slotFile, stagedFile } from "../../context/host-state";
import { prove, type Step, type StepContext } from "../../context/step";
import { Failure, HostUnreached } from "../../core/failure";
import type { Slot } from "../../host/commands/paths";
import { quote } from "../../host/commands/shell";
import { bringScript, fillScript, startAndWait } from "../../host/commands/stage-script";
import { artifactObject } from "../../release/artifact/object";
import type { ProvidedArtifact } from "../../release/artifact/provide";
import { settleActivation } from "../activate/activation";
import { configuredBackend, ensureRunning, idleSlot, refuse, slotFiles } from "../slots/slots";
import { checkStarted, whySilent } from "../slots/started";
import { buildArtifact } from "./build-artifact";

/** Brings the release to the host, beside the one that serves, and starts it where no user sees it. */
export const stage: Step = async (context) => {
  const { input, progress } = context;
  const { release, settings } = input;
  const artifact = await buildArtifact(context);
  await context.host.settled(progress);
  await settleActivation(context);
  const state = await readHostState(context);
  await bring(context, artifact);
  const serving = state.serving === null ? null : state.slots[state.serving];
  if (serving !== null && holds(serving, artifact.digest, slotFiles(context, serving.slot).digest)) {
    // What the slot runs with is as config wants it; how one knows that it is up may have changed.
    const { healthPath, startTimeoutSeconds } = configuredBackend(settings, serving.slot);
    const content = { ...serving, healthPath, startTimeoutSeconds, schemaVersion: settings.schemaVersion };
    await ensureRunning(context, content.slot, content);
    await context.host.put(slotFile(context.paths, content.slot), JSON.stringify(content));
    await markStaged(context, content);
    await tellBoxes(context, content, { placed: "serves already", started: "health answered 200; it serves already" });
    return { outcome: "nothing to do", summary: `${release.name} serves already, in slot ${serving.slot}` };
  }

  const slot: Slot = idleSlot(state);
  progress(
    settings.app.overlap
      ? `starting ${release.name} in the idle slot ${slot}`
      : `putting ${release.name} into the idle slot ${slot}, to be started by activation`,
  );
  const files = slotFiles(context, slot);
  const content: SlotContent = {
    slot,
    release: release.name,
    commit: release.commit,
    digest: artifact.digest,
    environment: files.digest,
    schemaVersion: settings.schemaVersion,
    ...configuredBackend(settings, slot),
  };
  const fill = fillScript({
    application: settings.app.name,
    paths: context.paths,
    slot,
    digest: artifact.digest,
    sharedDirectories: settings.app.sharedDirectories,
    environment: files.environment,
    unit: files.unit,
    record: { path: slotFile(context.paths, slot), content: JSON.stringify(content) },
  });
  if (!settings.app.overlap) {
    await context.host.runWhole(`filling slot ${slot}`, fill, { progress });
    await markStaged(context, content);
    await tellBoxes(context, content, {
      placed:
        serving === null
          ? "holds the first release"
          : "holds the release; activation stops the serving one before it starts this one",
      started: { result: "not yet", reason: "activation starts it: two copies must not run" },
    });
    return { outcome: "completed", summary: `${release.name} lies in slot ${slot}, to be started by activation` };
  }
  const startedMs = await start(context, content, fill);
  await markStaged(context, content);
  await tellBoxes(context, content, {
    placed:
      serving === null ? "runs the first release" : `runs beside slot ${serving.slot}, which serves without a stop`,
    started: `health answered 200 after ${startedMs} ms`,
  });
  return {
    outcome: "completed",
    summary: `${release.name} runs in slot ${slot}, seen by nobody yet (up after ${startedMs} ms)`,
  };
};

function holds(content: SlotContent, digest: string, environment: string): boolean {
  return content.digest === digest && content.environment === environment;
}

async function bring(context: StepContext, artifact: ProvidedArtifact): Promise<void> {
  const { host, paths, progress, input } = context;
  const { bucket, release, settings } = input;
  progress(`the host fetches ${release.name} from s3://${bucket}, unless it holds it already`);
  const script = bringScript({ paths, region: settings.target.region, bucket, artifact, release: release.name });
  await host.runWhole(`bringing ${release.name}`, script, { timeoutMs: 600_000, progress }).catch((error: unknown) => {
    if (!(error instanceof Failure) || error instanceof HostUnreached) throw error;
    throw new Failure(
      "artifact-not-brought",
      error.message,
      error.remedy ||
        `where the archive is not the one that was built: aws s3 rm s3://${bucket}/${artifactObject(artifact.digest)}, and the next run stores it anew; ` +
          "where the disk is full: a smaller host.keepReleases or a bigger host.rootVolumeGiB; then pulumi up",
    );
  });
}

async function start(context: StepContext, content: SlotContent, fill: string): Promise<number> {
  const { app } = context.input.settings;
  try {
    const printed = await context.host.runWhole(
      `starting ${content.release}`,
      `${fill}${startAndWait({ application: app.name, ...content })}`,
      { timeoutMs: (content.startTimeoutSeconds + 60) * 1000, progress: context.progress },
    );
    await checkStarted(context, content);
    return Number(printed);
  } catch (error) {
    const reason = `${error instanceof Error ? error.message : String(error)}${await whySilent(context, content)}`;
    if (!(error instanceof HostUnreached)) context.boxes.push(failed("APP-2.1", reason, { source: context.phase }));
    return refuse(context, content.slot, `${content.release} was not taken: ${reason}`);
  }
}

/** What `verify` looks at and `activate` turns to. */
async function markStaged(context: StepContext, content: SlotContent): Promise<void> {
  await context.host.put(stagedFile(context.paths), JSON.stringify(content));
}

async function tellBoxes(
  context: StepContext,
  content: SlotContent,
  { placed, started }: { placed: string; started: Proof },
): Promise<void> {
  await prove(
    context,
    "APP-1.1",
    async () =>
      `slot ${content.slot} ${placed}; artifact sha256:${content.digest}, environment sha256:${content.environment}`,
  );
  await prove(context, "APP-2.1", async () => started);
  await prove(context, "WEB-1.1", async () => {
    const index = `${context.paths.slot(content.slot)}/frontend/index.html`;
    const size = await context.host.run("looking at the frontend", `stat -L -c %s ${quote(index)}`);
    return `${index}, ${size} bytes`;
  });
}
