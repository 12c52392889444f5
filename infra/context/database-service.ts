import { type DBInstance, DescribeDBInstancesCommand, RDSClient } from "@aws-sdk/client-rds";
import { clientOptions } from "../core/aws-client";
import type { StepInput } from "./input";

/** The cloud's own view of the stack's database. */
export async function describeDatabase(input: StepInput): Promise<{ rds: RDSClient; instance: DBInstance }> {
  const rds = new RDSClient(clientOptions(input.settings.target.region));
  const found = await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: input.database.identifier }));
  const instance = found.DBInstances?.[0];
  if (instance === undefined) throw new Error(`RDS does not know the instance ${input.database.identifier}`);
  return { rds, instance };
}

/** @throws Error when automated backups are off or have stopped */
export async function automatedBackups(input: StepInput): Promise<string> {
  const { instance } = await describeDatabase(input);
  const days = instance.BackupRetentionPeriod ?? 0;
  if (days === 0)
    throw new Error(
      "automated backups are off; remedy: pulumi config set --path database.backupRetentionDays 7, then pulumi up",
    );
  const latest = instance.LatestRestorableTime;
  const created = instance.InstanceCreateTime;
  const ageMinutes = (time: Date) => Math.round((Date.now() - time.getTime()) / 60_000);
  if (latest === undefined && created !== undefined && ageMinutes(created) < 60)
    return `kept for ${days} days; the instance is ${ageMinutes(created)} min old and its first backup is not done yet`;
  if (latest === undefined) throw new Error("RDS names no time that the database could be restored to");
  // RDS ships its log every 5 minutes; an hour without means that it has stopped.
  if (ageMinutes(latest) > 60)
    throw new Error(`the newest restorable time is ${ageMinutes(latest)} min ago; ask the cloud provider's support`);
  return `kept for ${days} days; newest restorable time ${latest.toISOString()}`;
}
