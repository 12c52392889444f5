import { readHostState } from "../context/host-state";
import { quote } from "../host/commands/shell";
import { releaseDirectory } from "../host/commands/stage-script";
import { releasesOnHost } from "../phases/stage/ledger";
import { lastGood } from "../release/history/ledger";
import { releaseTable } from "../release/history/table";
import { runStackCommand } from "./stack-command";
import { lastInput } from "./stack-input";

await runStackCommand({
  name: "releases",
  purpose: "Prints what the host remembers of its releases, and which one a way back leads to.",
  async run({ stack, state, open, say }) {
    const context = open("preflight", lastInput(stack, state));
    const [{ serving, slots }, known] = [await readHostState(context), await releasesOnHost(context)];
    const served = serving === null ? null : (slots[serving]?.digest ?? null);
    const held = await context.host.run(
      "listing the releases",
      `ls -1 ${quote(context.paths.releases)} 2>/dev/null || true`,
    );
    const isHeld = (digest: string) =>
      held.split("\n").includes(releaseDirectory(context.paths, digest).slice(context.paths.releases.length + 1));
    say(releaseTable(known, { serving: served, isHeld }));
    const back = lastGood(known, served);
    say(
      back === undefined
        ? "No other release has served here and was good: there is none to go back to."
        : `The last good one before: ${back.release}. Back: pulumi config set release ${back.release} && pulumi up --stack ${stack}`,
    );
    return served !== null;
  },
});
