import { readHostState } from "../context/host-state";
import { quote } from "../host/commands/shell";
import { releaseDirectory } from "../host/commands/stage-script";
import { releasesOnHost } from "../phases/stage/ledger";
import { lastGood } from "../release/history/ledger";
import { releaseTable } from "../release/history/table";
import type { Looked } from "./look";
import { lastInput } from "./stack-input";

/** Prints what the host remembers of its releases, and which one a rollback leads to. */
export async function releases({ stack, state, open, say }: Looked, options: { json?: boolean }): Promise<boolean> {
  const context = await open("preflight", lastInput(stack, state));
  const [{ serving, slots }, known] = [await readHostState(context), await releasesOnHost(context)];
  const served = serving === null ? null : (slots[serving]?.digest ?? null);
  const held = await context.host.run(
    "listing the releases",
    `ls -1 ${quote(context.paths.releases)} 2>/dev/null || true`,
  );
  const isHeld = (digest: string) =>
    held.split("\n").includes(releaseDirectory(context.paths, digest).slice(context.paths.releases.length + 1));
  const back = lastGood(known, served);
  if (options.json === true) {
    const releases = known.map((release) => ({
      ...release,
      serves: release.digest === served,
      isHeld: isHeld(release.digest),
    }));
    say(JSON.stringify({ stack, releases, lastGood: back?.release ?? null }));
    return served !== null;
  }
  say(releaseTable(known, { serving: served, isHeld }));
  say(
    back === undefined
      ? "No other release has served here and was good: there is nothing to roll back to."
      : `The last good release before: ${back.release}. To roll back: pulumi config set release ${back.release} && pulumi up --stack ${stack}`,
  );
  return served !== null;
}
