import { Failure } from "../core/failure";
import { preflight } from "../phases/preflight/preflight";
import { resolveRelease } from "../release/release";
import type { Looked } from "./look";
import { StackConfig } from "./stack-config";
import { inputOf } from "./stack-state";

/** Checks what a deployment of the stack as it is configured would check first; changes nothing. */
export async function preflightNow({ stack, configFile, state, open, say }: Looked): Promise<boolean> {
  const settings = await new StackConfig(stack, configFile).settings();
  const release = await resolveRelease(settings.release, settings.app.repository);
  const last = inputOf(state);
  if (last === undefined) {
    say(
      `The settings are valid, and ${release.name} is commit ${release.commit}. Host and database do not exist yet: pulumi up creates them, then checks the rest.`,
    );
    return true;
  }
  try {
    say((await preflight(await open("preflight", { ...last, settings, release }))).summary);
    return true;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    say(`${error.message}\nwhat to do: ${error.remedy}`);
    return false;
  }
}
