import { whoRuns } from "../core/who-runs";
import { breakLock } from "../lock/deployment-lock";
import { describeLease, leaseSeconds } from "../lock/lease";
import { LockStore } from "../lock/store";
import type { Looked } from "./look";
import { lastInput } from "./stack-input";

/** Says which deployment of the stack is running, if any, or breaks its lock. */
export async function lock(
  { stack, state, say }: Looked,
  options: { break?: boolean; json?: boolean },
): Promise<boolean> {
  const { bucket, settings } = lastInput(stack, state);
  const store = new LockStore(bucket, stack, settings.target.region);
  if (options.break === true) {
    const broken = await breakLock(store, whoRuns());
    say(broken === undefined ? "Nobody holds the lock." : `Broken: the lock was held by ${describeLease(broken)}.`);
    return true;
  }
  const found = await store.read();
  const isHeld = found !== undefined && !found.lease.isFree;
  const hasLapsed = isHeld && found.ageSeconds > leaseSeconds;
  if (options.json === true) {
    const { who, since, phase } = found?.lease ?? {};
    const holder = isHeld ? { who, since, phase, lastHeartbeatSecondsAgo: Math.round(found.ageSeconds) } : null;
    say(JSON.stringify({ stack, isHeld: isHeld && !hasLapsed, hasLapsed, holder }));
  } else if (!isHeld) say("Nobody holds the lock.");
  else {
    const lapse = Math.round(leaseSeconds - found.ageSeconds);
    say(
      `Held by ${describeLease(found)}; ${hasLapsed ? "it has expired: the next deployment takes it over" : `it expires in ${lapse} s unless it is renewed`}.`,
    );
  }
  return !isHeld || hasLapsed;
}
