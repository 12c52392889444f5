import * as pulumi from "@pulumi/pulumi";
import { StepFailure } from "../core/failure";
import { engineAbove } from "../core/process";
import { whoRuns } from "../core/who-runs";
import { DeploymentLock } from "../lock/deployment-lock";

/** What is outside the program, but for the bucket that the lock lies in; phases take it themselves. */
const isGuarded = (type: string) => /^(aws|postgresql):/.test(type) && !type.startsWith("aws:s3/bucket:");

/**
 * Has the program take the deployment lock before it creates or changes its first resource; no other resource may be declared before.
 * A preview, and an `up` that changes nothing or only runs phases, never ask for it. The phases of the same engine continue with it. It
 * is freed at the latest when the program ends; that of a program that fails lapses. Where the engine can't be seen among the system's
 * processes, as on macOS, the phases could not tell whose it is: there the first of them takes it.
 *
 * The bucket is created first and waited for. A hook that waited for it would hold one of the engine's slots, and the bucket would
 * never get one once all are held: `up` would hang.
 * @param declare declares the bucket that the lock is stored in
 */
export async function lockBeforeChanges<T extends { bucket: pulumi.Output<string> }>(
  region: string,
  declare: () => T,
): Promise<T> {
  if (pulumi.runtime.isDryRun() || engineAbove() === undefined) return declare();
  let bucket: string | undefined;
  let taking: Promise<DeploymentLock> | undefined;
  const hook = new pulumi.ResourceHook("deployment-lock", async ({ urn }) => {
    try {
      // What is declared with the bucket depends on it, so the engine comes here once the name is known.
      if (bucket === undefined)
        throw new Error(`${urn} is declared before the bucket that the deployment lock is stored in`);
      await (await (taking ??= take(region, bucket))).check();
    } catch (error) {
      throw error instanceof StepFailure ? new Error(`${error.message}\nnext: ${error.remedy}`) : error;
    }
  });
  pulumi.runtime.registerStackTransformation(({ type, props, opts }) =>
    isGuarded(type)
      ? { props, opts: pulumi.mergeOptions(opts, { hooks: { beforeCreate: [hook], beforeUpdate: [hook] } }) }
      : undefined,
  );
  process.once("beforeExit", () => void taking?.then((lock) => lock.free()).catch(() => undefined));
  const declared = declare();
  // The engine waits for the bucket as for any resource, and ends the program where it is refused.
  bucket = await new Promise<string>((resolve) => declared.bucket.apply(resolve));
  return declared;
}

async function take(region: string, bucket: string): Promise<DeploymentLock> {
  // With it comes the client of S3, which an `up` that changes nothing should not wait for.
  const { LockStore } = await import("../lock/store");
  const lock = new DeploymentLock(new LockStore(bucket, pulumi.getStack(), region), {
    who: whoRuns(),
    deployment: `resources ${new Date().toISOString()}`,
  });
  await lock.take("resources", (message) => void pulumi.log.info(message));
  return lock;
}
