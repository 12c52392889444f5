import { type ProvidedArtifact, provideArtifact } from "../artifact/provide";
import { StepFailure } from "./failure";
import type { StepContext } from "./step";

/**
 * The release's artifact, in the stack's bucket. Preflight asks for it too, so that a release that can't be built is known before
 * anything changes.
 */
export async function provided(context: StepContext): Promise<ProvidedArtifact> {
  try {
    const artifact = await provideArtifact(context.input, context.progress);
    context.details.artifact = { digest: artifact.digest, source: artifact.source };
    return artifact;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new StepFailure(`${context.input.release.name} has no artifact: ${message}`, `mend the build of ${context.input.release.name} or its settings in app.build, or choose another release; then pulumi up`);
  }
}
