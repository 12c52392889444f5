import type { StepContext } from "../../context/step";
import { Failure } from "../../core/failure";
import { type ProvidedArtifact, provideArtifact } from "../../release/artifact/provide";
import { badWarning } from "../../release/history/ledger";
import { releasesOnHost } from "./ledger";

/**
 * The release's artifact, in the stack's bucket. Preflight asks for it too, so that a release that can't be built is known before
 * anything changes.
 */
export async function buildArtifact(context: StepContext): Promise<ProvidedArtifact> {
  try {
    const artifact = await provideArtifact(context.input, context.progress);
    context.details.artifact = { digest: artifact.digest, source: artifact.source };
    await warn(context, artifact.digest);
    return artifact;
  } catch (error) {
    if (error instanceof Failure) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new Failure(
      "artifact-not-built",
      `${context.input.release.name} has no artifact: ${message}`,
      `mend the build of ${context.input.release.name} or its settings in app.build, or choose another release; then pulumi up`,
    );
  }
}

/** A release that was found bad here is never chosen by the program; config may name it all the same. */
async function warn(context: StepContext, digest: string): Promise<void> {
  const warning = badWarning(await releasesOnHost(context), digest);
  if (warning === undefined) return;
  context.notice(warning);
  context.details.warning = warning;
}
