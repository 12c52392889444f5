import { whoRuns } from "../core/who-runs";
import { breakLock } from "../lock/deployment-lock";
import { describeLease, leaseSeconds } from "../lock/lease";
import { LockStore } from "../lock/store";
import { runStackCommand } from "./stack-command";
import { lastInput } from "./stack-input";

await runStackCommand({
  name: "lock",
  purpose: "Says which deployment of the stack is under way, if any.",
  switches: { break: "break its lock: only where that deployment is dead for certain" },
  async run({ stack, state, switches, say }) {
    const { bucket, settings } = lastInput(stack, state);
    const store = new LockStore(bucket, stack, settings.target.region);
    if (switches.has("break")) {
      const broken = await breakLock(store, whoRuns());
      say(broken === undefined ? "Nobody holds the lock." : `Broken: the lock was held by ${describeLease(broken)}.`);
      return true;
    }
    const found = await store.read();
    if (found === undefined || found.lease.isFree) {
      say("Nobody holds the lock.");
      return true;
    }
    const lapse = Math.round(leaseSeconds - found.ageSeconds);
    say(
      `Held by ${describeLease(found)}; ${lapse > 0 ? `it lapses in ${lapse} s unless it is renewed` : "it has lapsed: the next deployment takes it over"}.`,
    );
    return lapse <= 0;
  },
});
