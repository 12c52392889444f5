import { AddTagsToResourceCommand, CreateDBSnapshotCommand, waitUntilDBSnapshotAvailable } from "@aws-sdk/client-rds";
import { schemaVersion } from "../migrations/journal";
import { withClient } from "./database-connection";
import { describeDatabase } from "./database-service";
import { prove, type Step } from "./step";

/** A snapshot of a small database takes 1 to 5 minutes on RDS; large ones longer. */
const snapshotDeadlineSeconds = 3600;

/** When the schema will change: a snapshot with a name of its own, kept. */
export const backup: Step = async (context) => {
  const { input, progress } = context;
  const current = await withClient(context.connect("owner"), schemaVersion);
  const wanted = input.settings.schemaVersion;
  if (current === wanted) {
    for (const id of ["PRE-2.1", "PRE-2.3"] as const)
      context.boxes.push({ id, result: "not needed", evidence: "", reason: `the schema stays at ${current}`, source: context.phase });
    return { outcome: "nothing to do", summary: `the schema stays at ${current}; no snapshot is needed` };
  }
  const { rds, instance } = await describeDatabase(input);
  const id = `${input.database.identifier}-before-${wanted}-${context.runId.toLowerCase()}`;
  progress(`making the snapshot ${id}`);
  const isMade = await prove(context, "PRE-2.1", async () => {
    const made = await rds.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: instance.DBInstanceIdentifier, DBSnapshotIdentifier: id }));
    const startedAt = Date.now();
    await waitUntilDBSnapshotAvailable({ client: rds, maxWaitTime: snapshotDeadlineSeconds, minDelay: 1, maxDelay: 15 }, { DBSnapshotIdentifier: id });
    if (made.DBSnapshot?.DBSnapshotArn !== undefined)
      await rds.send(
        new AddTagsToResourceCommand({
          ResourceName: made.DBSnapshot.DBSnapshotArn,
          Tags: [{ Key: "schema-version", Value: String(current) }, { Key: "stack", Value: input.stack }],
        }),
      );
    return `snapshot ${id} was available after ${Math.round((Date.now() - startedAt) / 1000)} s`;
  });
  if (!isMade) throw new Error(context.boxes.at(-1)?.evidence ?? "no snapshot");
  const restoreCommand = `aws rds restore-db-instance-from-db-snapshot --db-snapshot-identifier ${id} --db-instance-identifier ${input.database.identifier}-restored --db-subnet-group-name ${instance.DBSubnetGroup?.DBSubnetGroupName} --no-publicly-accessible`;
  context.details.snapshot = { id, restoreCommand };
  await prove(context, "PRE-2.3", async () => `${id}; ${restoreCommand}`);
  return { outcome: "completed", summary: `snapshot ${id} is available (schema ${current})` };
};
