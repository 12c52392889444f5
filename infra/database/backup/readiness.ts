import { setTimeout as sleep } from "node:timers/promises";
import { DescribeDBInstancesCommand, type RDSClient } from "@aws-sdk/client-rds";
import type { Progress } from "../../core/progress";
import { backoffMs } from "../migrations/backoff";

/** RDS throttles who asks often, and what is waited for takes minutes. */
const pauses = { firstMs: 1_000, longestMs: 30_000 };

/** A backup or a change of a large instance can take that long. */
const deadlineMs = 3_600_000;

const takesSnapshots: ReadonlySet<string> = new Set(["available", "storage-optimization"]);

/** None of them passes by itself. */
const isHopeless = (status: string) =>
  /^(stopped|stopping|failed|deleting|storage-full|restore-error|incompatible-|inaccessible-)/.test(status);

/** RDS refuses now what it will do later: something else continues with the instance. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && error.name.startsWith("InvalidDBInstanceState");
}

/**
 * Asks RDS for something that it refuses while the instance is backed up or changed; waits for that to end, and tries again where
 * something else has begun in between.
 * @throws Error when the instance is not ready within an hour, or in a state that does not pass
 */
export async function whenReady<T>(
  rds: RDSClient,
  instance: string,
  ask: () => Promise<T>,
  progress: Progress,
): Promise<T> {
  let last = "";
  return untilNotBusy(async () => {
    const { DBInstances: [found] = [] } = await rds.send(
      new DescribeDBInstancesCommand({ DBInstanceIdentifier: instance }),
    );
    const status = found?.DBInstanceStatus ?? "";
    if (takesSnapshots.has(status)) return { done: await ask() };
    if (isHopeless(status)) throw new Error(`RDS takes no snapshot of ${instance}: it is ${status}`);
    if (status !== last) progress(`waiting for RDS: ${instance} is ${status}`);
    last = status;
    return undefined;
  }, `${instance} was not ready for a snapshot within an hour`);
}

/**
 * Tries until it is done, ever more seldom.
 * @param attempt returns undefined where it is to be tried again; so is one that RDS refuses as busy
 * @throws Error saying `tooLong` after an hour
 */
export async function untilNotBusy<T>(attempt: () => Promise<{ done: T } | undefined>, tooLong: string): Promise<T> {
  const deadline = Date.now() + deadlineMs;
  for (let number = 1; ; number++) {
    let refused: unknown;
    try {
      const result = await attempt();
      if (result !== undefined) return result.done;
    } catch (error) {
      if (!isBusy(error)) throw error;
      refused = error;
    }
    if (Date.now() > deadline) throw new Error(tooLong, { cause: refused });
    await sleep(backoffMs(number, Math.random(), pauses));
  }
}
