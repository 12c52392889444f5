import type { RDSClient } from "@aws-sdk/client-rds";
import { describeDatabase } from "../../context/database-service";
import { ownerOf } from "../../context/owner";
import type { StepContext } from "../../context/step";
import { Failure } from "../../core/failure";
import { snapshotsToPrune } from "../../database/backup/retention";
import { deleteSnapshot, stackSnapshots } from "../../database/backup/snapshots";
import { deleteVolumeSnapshot } from "../../database/backup/volumes";
import { volumeClient } from "./files";

/** Deletes what is beyond the policy, with the volume's snapshot of the same hour. @returns evidence */
export async function pruneSnapshots(context: StepContext, rds: RDSClient, now = new Date()): Promise<string> {
  const { settings } = context.input;
  const snapshots = await stackSnapshots(rds, ownerOf(context.input));
  const gone = snapshotsToPrune(snapshots, settings.backup, now);
  for (const { id, tags } of gone) {
    await deleteSnapshot(rds, id);
    const volume = tags["volume-snapshot"];
    if (volume !== undefined) await deleteVolumeSnapshot(volumeClient(context), volume);
  }
  return `${await retentionInForce(context, rds)}; ${gone.length === 0 ? "none pruned" : `pruned: ${gone.map(({ id }) => id).join(", ")}`}`;
}

/**
 * Whether the policy is in force.
 * @returns evidence
 * @throws Error when RDS keeps its own backups for another time than configured
 */
export async function retentionInForce(context: StepContext, rds: RDSClient): Promise<string> {
  const { settings } = context.input;
  const { keepDays, keepSnapshots, scheduledKeepDays } = settings.backup;
  const { instance } = await describeDatabase(context.input);
  const days = instance.BackupRetentionPeriod ?? 0;
  if (days !== settings.database.backupRetentionDays)
    throw new Failure(
      "retention-differs",
      `RDS keeps automated backups for ${days} days, not ${settings.database.backupRetentionDays} (database.backupRetentionDays)`,
      "pulumi up; pulumi refresh --run-program --skip-preview where it does not see it",
    );
  const kept = await stackSnapshots(rds, ownerOf(context.input));
  return `${kept.length} snapshots before changes of schema kept (${keepDays} days, at least ${keepSnapshots}, always the newest proven one); RDS's own for ${days} days, AWS Backup's for ${scheduledKeepDays}`;
}
