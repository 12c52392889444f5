import {
  AddTagsToResourceCommand,
  CreateDBSnapshotCommand,
  type DBSnapshot,
  DeleteDBSnapshotCommand,
  paginateDescribeDBSnapshots,
  type RDSClient,
  waitUntilDBSnapshotAvailable,
} from "@aws-sdk/client-rds";
import { isOwn, type StackOwner, tagList, tagsOf, tagsOnly } from "./ownership";
import type { KeptSnapshot } from "./retention";

export type Purpose = "before-migration" | "before-restore" | "pair-rehearsal" | "backup-proof";

/** Beside those that say whose it is. */
export type SnapshotTags = {
  purpose: Purpose;
  /** The schema that it holds. */
  "schema-version": string;
  /** What served then; empty where nothing did. */
  release: string;
  /** When the marker row was written: what came later is not in it. */
  "marker-at": string;
  /** The snapshot of the data volume that goes with it; empty where there is none. */
  "volume-snapshot": string;
  /** When a restored copy of it was proved; empty until then. */
  "proven-at": string;
  /** What making and proving it took, in seconds. */
  "gate-seconds": string;
};

export type StackSnapshot = KeptSnapshot & { arn: string; tags: Partial<SnapshotTags> };

/** A snapshot of a small database takes 1 to 5 minutes on RDS; large ones longer. */
const deadlineSeconds = 3600;

/** Begins it; its content is that of this moment, give or take what RDS needs to begin. @returns its ARN */
export async function beginSnapshot(
  rds: RDSClient,
  args: { instance: string; id: string; owner: StackOwner; tags: Partial<SnapshotTags> },
): Promise<string> {
  const made = await rds.send(
    new CreateDBSnapshotCommand({
      DBInstanceIdentifier: args.instance,
      DBSnapshotIdentifier: args.id,
      Tags: tagList(args.owner, args.tags),
    }),
  );
  const arn = made.DBSnapshot?.DBSnapshotArn;
  if (arn === undefined) throw new Error(`RDS did not say where the snapshot ${args.id} is`);
  return arn;
}

/** @throws Error when it is not available within an hour, or failed */
export async function awaitSnapshot(rds: RDSClient, id: string): Promise<void> {
  await waitUntilDBSnapshotAvailable(
    { client: rds, maxWaitTime: deadlineSeconds, minDelay: 1, maxDelay: 15 },
    { DBSnapshotIdentifier: id },
  );
}

export async function tagSnapshot(rds: RDSClient, arn: string, tags: Partial<SnapshotTags>): Promise<void> {
  await rds.send(new AddTagsToResourceCommand({ ResourceName: arn, Tags: tagsOnly(tags) }));
}

/** The snapshots that this stack's deployments keep; those that a person or RDS itself made are none of ours. */
export async function stackSnapshots(rds: RDSClient, owner: StackOwner): Promise<StackSnapshot[]> {
  return (await ownSnapshots(rds, owner)).filter(({ tags }) => tags.purpose !== "pair-rehearsal");
}

/** Those that a rehearsal of a pair makes and removes again. */
export async function pairSnapshots(rds: RDSClient, owner: StackOwner): Promise<StackSnapshot[]> {
  return (await ownSnapshots(rds, owner)).filter(({ tags }) => tags.purpose === "pair-rehearsal");
}

async function ownSnapshots(rds: RDSClient, owner: StackOwner): Promise<StackSnapshot[]> {
  const found: DBSnapshot[] = [];
  for await (const page of paginateDescribeDBSnapshots({ client: rds }, { SnapshotType: "manual" }))
    found.push(...(page.DBSnapshots ?? []));
  return found.flatMap((snapshot) => {
    const tags = tagsOf(snapshot.TagList) as Partial<SnapshotTags>;
    const { DBSnapshotIdentifier: id, DBSnapshotArn: arn, SnapshotCreateTime: createdAt, Status } = snapshot;
    if (!isOwn(tags, owner) || Status !== "available") return [];
    if (id === undefined || arn === undefined || createdAt === undefined) return [];
    const provenAt = tags["proven-at"];
    return [{ id, arn, createdAt, provenAt: provenAt === undefined ? null : new Date(provenAt), tags }];
  });
}

export async function deleteSnapshot(rds: RDSClient, id: string): Promise<void> {
  await rds.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: id }));
}
