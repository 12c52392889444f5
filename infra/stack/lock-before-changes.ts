import * as pulumi from "@pulumi/pulumi";
import { describeFailure, Failure } from "../core/failure";
import { engineAbove } from "../core/process";
import { whoRuns } from "../core/who-runs";
import { DeploymentLock } from "../lock/deployment-lock";
import { insideWindow } from "../settings/maintenance-window";
import type { Settings } from "../settings/settings";

export interface ChangesArgs<T extends { bucket: pulumi.Output<string> }> {
  region: string;
  window: Settings["maintenanceWindow"];
  /** Declares the bucket that the lock is stored in. */
  declare: () => T;
}

/** What users or other operators notice; phases ask for themselves. */
const isOutside = (type: string) => /^(aws|postgresql):/.test(type);

/**
 * Has the program wait for the maintenance window and take the deployment lock before it creates or changes its first resource; no other
 * resource may be declared before. A preview, and an `up` that changes nothing or only runs phases, ask for neither. An `up` that began
 * inside the window ends its work.
 *
 * The phases of the same engine continue with the lock. It is freed at the latest when the program ends; that of a program that fails
 * lapses. Where the engine can't be seen among the system's processes, as on macOS, the phases could not tell whose it is: there the
 * first of them takes it.
 *
 * The bucket is created first, without the lock that it will hold, and waited for. A hook that waited for it would hold one of the
 * engine's slots, and the bucket would never get one once all are held: `up` would hang.
 */
export async function lockBeforeChanges<T extends { bucket: pulumi.Output<string> }>(args: ChangesArgs<T>): Promise<T> {
  if (pulumi.runtime.isDryRun()) return args.declare();
  const isLockable = engineAbove() !== undefined;
  let bucket: string | undefined;
  let isAdmitted = false;
  let taking: Promise<DeploymentLock> | undefined;
  const hook = new pulumi.ResourceHook("before-changes", async ({ urn, type }) => {
    try {
      if (!isAdmitted) insideWindow(args.window, new Date());
      isAdmitted = true;
      if (!isLockable || type.startsWith("aws:s3/bucket:")) return;
      // What is declared with the bucket depends on it, so the engine comes here once the name is known.
      if (bucket === undefined)
        throw new Error(`${urn} is declared before the bucket that the deployment lock is stored in`);
      await (await (taking ??= take(args.region, bucket))).check();
    } catch (error) {
      throw error instanceof Failure ? new Error(describeFailure(error)) : error;
    }
  });
  pulumi.runtime.registerStackTransformation(({ type, props, opts }) =>
    isOutside(type)
      ? { props, opts: pulumi.mergeOptions(opts, { hooks: { beforeCreate: [hook], beforeUpdate: [hook] } }) }
      : undefined,
  );
  process.once("beforeExit", () => void taking?.then((lock) => lock.free()).catch(() => undefined));
  const declared = args.declare();
  // The engine waits for the bucket as for any resource, and ends the program where it is refused.
  if (isLockable) bucket = await new Promise<string>((resolve) => declared.bucket.apply(resolve));
  return declared;
}

async function take(region: string, bucket: string): Promise<DeploymentLock> {
  // With it comes the client of S3, which an `up` that changes nothing should not wait for.
  const { LockStore } = await import("../lock/store");
  const lock = new DeploymentLock(new LockStore(bucket, pulumi.getStack(), region), {
    who: whoRuns(),
    deployment: `resources ${new Date().toISOString()}`,
    changesResources: true,
  });
  await lock.take("resources", (message) => void pulumi.log.info(message));
  return lock;
}
