import { StepFailure } from "../core/failure";
import { preflight } from "../phases/preflight/preflight";
import { resolveRelease } from "../release/release";
import { runStackCommand } from "./stack-command";
import { StackConfig } from "./stack-config";
import { inputOf } from "./stack-state";

await runStackCommand({
  name: "preflight",
  purpose: "Asks what a deployment of the stack as it is configured asks first; changes nothing.",
  async run({ stack, configFile, state, open, say }) {
    const settings = await new StackConfig(stack, configFile).settings();
    const release = await resolveRelease(settings.release, settings.app.repository);
    const last = inputOf(state);
    if (last === undefined) {
      say(
        `The settings hold, and ${release.name} is commit ${release.commit}. Host and database are not there yet: pulumi up makes them, then asks the rest.`,
      );
      return true;
    }
    try {
      say((await preflight(open("preflight", { ...last, settings, release }))).summary);
      return true;
    } catch (error) {
      if (!(error instanceof StepFailure)) throw error;
      say(`${error.message}\nwhat to do: ${error.remedy}`);
      return false;
    }
  },
});
