import {
  AttachVolumeCommand,
  CreateSnapshotCommand,
  CreateVolumeCommand,
  DeleteSnapshotCommand,
  DeleteVolumeCommand,
  DescribeVolumesCommand,
  DetachVolumeCommand,
  type EC2Client,
  waitUntilSnapshotCompleted,
  waitUntilVolumeAvailable,
  waitUntilVolumeInUse,
} from "@aws-sdk/client-ec2";
import { type StackOwner, tagList } from "./ownership";
import type { Purpose } from "./snapshots";

const purpose: Purpose = "backup-proof";

/** A volume's first snapshot copies all of it. */
const snapshotDeadlineSeconds = 7200;
const attachDeadlineSeconds = 300;

/** Its content is that of this moment, whatever is written while it is made. @returns its id */
export async function beginVolumeSnapshot(
  ec2: EC2Client,
  args: { volumeId: string; owner: StackOwner; databaseSnapshot: string },
): Promise<string> {
  const made = await ec2.send(
    new CreateSnapshotCommand({
      VolumeId: args.volumeId,
      Description: `beside ${args.databaseSnapshot}`,
      TagSpecifications: [
        { ResourceType: "snapshot", Tags: tagList(args.owner, { "database-snapshot": args.databaseSnapshot }) },
      ],
    }),
  );
  if (made.SnapshotId === undefined) throw new Error(`EC2 named no snapshot of ${args.volumeId}`);
  return made.SnapshotId;
}

export async function awaitVolumeSnapshot(ec2: EC2Client, id: string): Promise<void> {
  await waitUntilSnapshotCompleted(
    { client: ec2, maxWaitTime: snapshotDeadlineSeconds, minDelay: 1, maxDelay: 15 },
    { SnapshotIds: [id] },
  );
}

export async function deleteVolumeSnapshot(ec2: EC2Client, id: string): Promise<void> {
  await ec2.send(new DeleteSnapshotCommand({ SnapshotId: id }));
}

/** A copy made from a snapshot, attached to the host beside the data volume. @returns its id */
export async function attachCopy(
  ec2: EC2Client,
  args: { snapshot: string; beside: string; instanceId: string; owner: StackOwner },
): Promise<string> {
  const { Volumes: [original] = [] } = await ec2.send(new DescribeVolumesCommand({ VolumeIds: [args.beside] }));
  const made = await ec2.send(
    new CreateVolumeCommand({
      SnapshotId: args.snapshot,
      AvailabilityZone: original?.AvailabilityZone,
      VolumeType: "gp3",
      TagSpecifications: [{ ResourceType: "volume", Tags: tagList(args.owner, { purpose }) }],
    }),
  );
  const id = made.VolumeId;
  if (id === undefined) throw new Error(`EC2 made no volume of ${args.snapshot}`);
  await waitUntilVolumeAvailable(
    { client: ec2, maxWaitTime: attachDeadlineSeconds, minDelay: 1, maxDelay: 5 },
    { VolumeIds: [id] },
  );
  await ec2.send(new AttachVolumeCommand({ VolumeId: id, InstanceId: args.instanceId, Device: "/dev/sdp" }));
  await waitUntilVolumeInUse(
    { client: ec2, maxWaitTime: attachDeadlineSeconds, minDelay: 1, maxDelay: 5 },
    { VolumeIds: [id] },
  );
  return id;
}

/** Copies of this stack's: this run's, or what a killed one left. */
export async function findVolumeCopies(ec2: EC2Client, owner: StackOwner): Promise<string[]> {
  const { Volumes = [] } = await ec2.send(
    new DescribeVolumesCommand({
      Filters: tagList(owner, { purpose }).map(({ Key, Value = "" }) => ({ Name: `tag:${Key}`, Values: [Value] })),
    }),
  );
  return Volumes.flatMap(({ VolumeId, State }) =>
    VolumeId !== undefined && State !== "deleting" && State !== "deleted" ? [VolumeId] : [],
  );
}

/** Detaches a copy, which nothing may have mounted any more, and deletes it. */
export async function removeVolumeCopy(ec2: EC2Client, id: string): Promise<void> {
  const { Volumes: [volume] = [] } = await ec2.send(new DescribeVolumesCommand({ VolumeIds: [id] }));
  for (const { InstanceId, State } of volume?.Attachments ?? [])
    if (State !== "detached") await ec2.send(new DetachVolumeCommand({ VolumeId: id, InstanceId }));
  await waitUntilVolumeAvailable(
    { client: ec2, maxWaitTime: attachDeadlineSeconds, minDelay: 1, maxDelay: 5 },
    { VolumeIds: [id] },
  );
  await ec2.send(new DeleteVolumeCommand({ VolumeId: id }));
}
