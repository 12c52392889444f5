import { DBInstanceNotFoundFault, DescribeDBInstancesCommand, RDSClient } from "@aws-sdk/client-rds";
import { clientOptions } from "../core/aws-client";
import { refusedChanges } from "../database/instance-changes";
import { type Settings, SettingsError } from "../settings/settings";

/**
 * Refuses at once what RDS would refuse of the configured database once other resources have changed. A stack without a database has
 * nothing to change.
 * @throws SettingsError with every problem
 */
export async function checkRunningDatabase(
  { target, database }: Pick<Settings, "target" | "database">,
  identifier: string,
): Promise<void> {
  const rds = new RDSClient(clientOptions(target.region, { timeoutMs: 20_000 }));
  const { DBInstances: [instance] = [] } = await rds
    .send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: identifier }))
    .catch((error: unknown) => {
      if (error instanceof DBInstanceNotFoundFault) return { DBInstances: [] };
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`RDS was asked for the database ${identifier} and refused; nothing has changed: ${why}`);
    });
  if (instance?.EngineVersion === undefined || instance.AllocatedStorage === undefined) return;
  const running = { engineVersion: instance.EngineVersion, storageGiB: instance.AllocatedStorage };
  const problems = refusedChanges(database, running);
  if (problems.length > 0) throw new SettingsError(problems);
}
