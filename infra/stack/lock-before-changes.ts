import * as pulumi from "@pulumi/pulumi";
import { StepFailure } from "../core/failure";
import { engineAbove } from "../core/process";
import { whoRuns } from "../core/who-runs";
import { DeploymentLock } from "../lock/deployment-lock";

/** What is outside the program, but for the bucket that the lock lies in; phases take it themselves. */
const isGuarded = (type: string) => /^(aws|postgresql):/.test(type) && !type.startsWith("aws:s3/bucket:");

/**
 * Has the program take the deployment lock before it creates or changes its first resource; to be called before any is declared. A
 * preview, and an `up` that changes nothing or only runs phases, never ask for it. The phases of the same engine go on with it. It is
 * freed at the latest when the program ends, that of a program that fails lapses. Where the engine can't be seen among the system's
 * processes, as on macOS, the phases could not tell whose it is: there the first of them takes it.
 * @param bucket where the lock lies; asked for once the first resource changes
 */
export function lockBeforeChanges(region: string, bucket: () => pulumi.Output<string>): void {
  if (pulumi.runtime.isDryRun() || engineAbove() === undefined) return;
  let taking: Promise<DeploymentLock> | undefined;
  const hook = new pulumi.ResourceHook("deployment-lock", async () => {
    try {
      await (await (taking ??= take(region, bucket()))).check();
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
}

async function take(region: string, bucket: pulumi.Output<string>): Promise<DeploymentLock> {
  const name = await new Promise<string>((resolve) => bucket.apply(resolve));
  // With it comes the client of S3, which an `up` that changes nothing should not wait for.
  const { LockStore } = await import("../lock/store");
  const lock = new DeploymentLock(new LockStore(name, pulumi.getStack(), region), {
    who: whoRuns(),
    deployment: `resources ${new Date().toISOString()}`,
  });
  await lock.take("resources", (message) => void pulumi.log.info(message));
  return lock;
}
