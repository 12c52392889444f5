import type { DBInstance } from "@aws-sdk/client-rds";
import { Failure } from "../../core/failure";

/** States in which RDS makes no backup and restores none: the instance itself has to be helped first. */
const helpless = /^(failed|storage-full|stopped|stopping|deleting|inaccessible-encryption-credentials|incompatible-)/;

/** RDS ships its log every 5 minutes; an hour without means that it has stopped. */
const silentMinutes = 60;

/**
 * What RDS says of its own backups of an instance.
 * @returns the evidence
 * @throws Failure when they are off, have stopped, or the instance is in a state in which none is made
 */
export function describeAutomatedBackups(instance: DBInstance, now: Date): string {
  const { BackupRetentionPeriod: days = 0, DBInstanceStatus: status = "unknown" } = instance;
  const refuse = (what: string, remedy: string) =>
    new Failure("backups-not-in-force", what, remedy, { changed: "nothing" });
  if (days === 0)
    throw refuse(
      "automated backups are off",
      "pulumi config set --path database.backupRetentionDays 7, then pulumi up",
    );
  if (helpless.test(status))
    throw refuse(
      `RDS says that the instance is ${status}: it makes no backup in that state`,
      `aws rds describe-events --source-type db-instance --source-identifier ${instance.DBInstanceIdentifier ?? "ID"} --duration 1440 says since when and why`,
    );
  const { LatestRestorableTime: latest, InstanceCreateTime: created } = instance;
  const minutesSince = (time: Date) => Math.round((now.getTime() - time.getTime()) / 60_000);
  if (latest === undefined && created !== undefined && minutesSince(created) < silentMinutes)
    return `kept for ${days} days; the instance is ${minutesSince(created)} min old and its first backup is not done yet`;
  if (latest === undefined)
    throw refuse("RDS names no time that the database could be restored to", "ask the cloud provider's support");
  if (minutesSince(latest) > silentMinutes)
    throw refuse(
      `the newest restorable time is ${minutesSince(latest)} min ago`,
      "ask the cloud provider's support, and deploy once it moves again",
    );
  return `kept for ${days} days; newest restorable time ${latest.toISOString()}; the instance is ${status}`;
}
