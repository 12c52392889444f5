import { randomBytes } from "node:crypto";
import {
  type DBInstance,
  DBInstanceNotFoundFault,
  DeleteDBInstanceCommand,
  DescribeDBInstancesCommand,
  paginateDescribeDBInstances,
  type RDSClient,
  RestoreDBInstanceFromDBSnapshotCommand,
  waitUntilDBInstanceAvailable,
} from "@aws-sdk/client-rds";
import { isOwn, type StackOwner, tagList, tagsOf } from "./ownership";
import { untilNotBusy } from "./readiness";
import type { Purpose } from "./snapshots";

const purpose: Purpose = "backup-proof";

/** Restoring takes 5 to 30 minutes on RDS. */
const deadlineSeconds = 7200;

export type Copy = { identifier: string; address: string; port: number };

/** A name of RDS's: 63 characters at most, and never the same twice. */
export function copyIdentifier(base: string, suffix: string): string {
  return `${base.slice(0, 63 - suffix.length - 6).replace(/-+$/, "")}-copy-${suffix}`;
}

/** Restores a snapshot beside the database: the same subnets, security groups and parameters, one zone, protected by nothing. */
export async function restoreCopy(
  rds: RDSClient,
  args: { of: DBInstance; snapshot: string; owner: StackOwner; instanceClass: string | undefined },
): Promise<Copy> {
  const { of } = args;
  const identifier = copyIdentifier(of.DBInstanceIdentifier ?? "database", randomBytes(3).toString("hex"));
  await rds.send(
    new RestoreDBInstanceFromDBSnapshotCommand({
      DBInstanceIdentifier: identifier,
      DBSnapshotIdentifier: args.snapshot,
      DBInstanceClass: args.instanceClass ?? of.DBInstanceClass,
      DBSubnetGroupName: of.DBSubnetGroup?.DBSubnetGroupName,
      VpcSecurityGroupIds: (of.VpcSecurityGroups ?? []).flatMap(({ VpcSecurityGroupId }) => VpcSecurityGroupId ?? []),
      DBParameterGroupName: of.DBParameterGroups?.[0]?.DBParameterGroupName,
      PubliclyAccessible: false,
      MultiAZ: false,
      DeletionProtection: false,
      AutoMinorVersionUpgrade: false,
      Tags: tagList(args.owner, { purpose }),
    }),
  );
  await waitUntilDBInstanceAvailable(
    { client: rds, maxWaitTime: deadlineSeconds, minDelay: 1, maxDelay: 20 },
    { DBInstanceIdentifier: identifier },
  );
  const { DBInstances: [copy] = [] } = await rds.send(
    new DescribeDBInstancesCommand({ DBInstanceIdentifier: identifier }),
  );
  if (copy?.Endpoint?.Address === undefined) throw new Error(`the restored copy ${identifier} has no address`);
  return { identifier, address: copy.Endpoint.Address, port: copy.Endpoint.Port ?? 5432 };
}

/** Copies of this stack's that are there: this run's, or what a killed one left. */
export async function findCopies(rds: RDSClient, owner: StackOwner): Promise<string[]> {
  const found: DBInstance[] = [];
  for await (const page of paginateDescribeDBInstances({ client: rds }, {})) found.push(...(page.DBInstances ?? []));
  return found
    .filter(({ TagList, DBInstanceStatus }) => {
      const tags = tagsOf(TagList);
      return isOwn(tags, owner) && tags.purpose === purpose && DBInstanceStatus !== "deleting";
    })
    .flatMap(({ DBInstanceIdentifier }) => DBInstanceIdentifier ?? []);
}

/**
 * Removes a copy; one that RDS still makes is waited for, since it can't be deleted before. Returns when RDS deletes it.
 * @throws Error when RDS refuses for an hour
 */
export async function removeCopy(rds: RDSClient, identifier: string): Promise<void> {
  const deletion = new DeleteDBInstanceCommand({
    DBInstanceIdentifier: identifier,
    SkipFinalSnapshot: true,
    DeleteAutomatedBackups: true,
  });
  await untilNotBusy(async () => {
    const done = await rds.send(deletion).catch((error: unknown) => {
      if (error instanceof DBInstanceNotFoundFault) return "gone already";
      throw error;
    });
    return { done };
  }, `RDS did not delete the copy ${identifier} within an hour`);
}
