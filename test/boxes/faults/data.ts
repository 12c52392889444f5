import { RDSClient } from "@aws-sdk/client-rds";
import type { BoxId } from "../../../infra/checklist/boxes";
import { clientOptions } from "../../../infra/core/aws-client";
import { pruneSnapshots } from "../../../infra/phases/backup/retention";
import { makeSnapshot } from "../../../infra/phases/backup/snapshot";
import type { Fault } from "../fault";
import { contextIn, leftBy, proving, unspoken, withCloud } from "../phase";

const noBackups = `<DescribeDBInstancesResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/"><DescribeDBInstancesResult><DBInstances>
<DBInstance><DBInstanceIdentifier>library</DBInstanceIdentifier><BackupRetentionPeriod>0</BackupRetentionPeriod></DBInstance>
</DBInstances></DescribeDBInstancesResult></DescribeDBInstancesResponse>`;

const noSnapshots = `<DescribeDBSnapshotsResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/"><DescribeDBSnapshotsResult>
<DBSnapshots/></DescribeDBSnapshotsResult></DescribeDBSnapshotsResponse>`;

/** RDS keeps no automated backups, whatever config says. */
export const withoutRetention = (id: BoxId, phase: "backup" | "evidence") =>
  withCloud({ DescribeDBInstances: noBackups, DescribeDBSnapshots: noSnapshots }, async () => {
    const context = await contextIn(phase);
    const rds = new RDSClient(clientOptions(context.input.settings.target.region));
    return proving(id, () => pruneSnapshots(context, rds));
  });

const gate = (title: string): { shownBy: readonly [string, string] } => ({ shownBy: ["stack/backup-gate", title] });

const asked: { shownBy: readonly [string, string] } = {
  shownBy: [
    "database/schema-boxes",
    "MIG-3.1 to MIG-3.3 fail where a table, an index or a column is not as it should be",
  ],
};

export const dataFaults = {
  "PRE-2.1": {
    fault: "the database cannot be reached, so nothing is read on either side of the snapshot",
    becomes: "failed",
    run: async () => {
      const context = await contextIn("backup", { noDatabase: new Error("no connection") });
      return leftBy("PRE-2.1", context, () =>
        makeSnapshot(context, new RDSClient({}), { instance: {}, schemaVersion: 1 }),
      );
    },
  },
  "PRE-2.2": {
    fault: "an index of the restored copy has lost a row",
    becomes: "failed",
    shownBy: ["database/backup-proof", "with an index that lost a row is rejected by amcheck"],
  },
  "PRE-2.3": {
    fault: "the schema stays, so there is no snapshot to restore",
    becomes: "not needed",
    ...gate("is not needed where the schema stays, and says so of each box"),
  },
  "PRE-2.4": {
    fault: "a range of the restored copy holds other rows",
    becomes: "failed",
    shownBy: ["unit/backup-comparison", "whatever one range of a quiet table loses is found, whichever it is"],
  },
  "PRE-2.5": {
    fault: "RDS keeps no automated backups, whatever config says",
    becomes: "failed",
    run: () => withoutRetention("PRE-2.5", "backup"),
  },
  "MIG-1.1": {
    fault: "the role may not read the journal",
    becomes: "failed",
    shownBy: ["database/schema-boxes", "MIG-1.1 and MIG-1.2 fail for a role that may not read"],
  },
  "MIG-1.2": {
    fault: "the role may not read connections",
    becomes: "failed",
    shownBy: ["database/schema-boxes", "MIG-1.1 and MIG-1.2 fail for a role that may not read"],
  },
  "MIG-1.3": {
    fault: "there is no table yet",
    becomes: "not needed",
    shownBy: [
      "database/schema-boxes",
      "MIG-1.2 and MIG-1.3 have nothing to look at in an empty database; MIG-2.1 and RBK-2 are not needed where the schema stays",
    ],
  },
  "MIG-2.1": {
    fault: "a statement of the migration fails",
    becomes: "failed",
    shownBy: ["database/schema-boxes", "MIG-2.1 fails with the migration, and RBK-2 with the way back"],
  },
  "MIG-2.2": {
    fault: "this schema has no providers",
    becomes: "not needed",
    run: () => unspoken("MIG-2.2", 1),
  },
  "MIG-3.1": {
    fault: "the table of models is gone",
    becomes: "failed",
    ...asked,
  },
  "MIG-3.2": {
    fault: "an index is invalid",
    becomes: "failed",
    ...asked,
  },
  "MIG-3.3": {
    fault: "connections.provider_id is a text",
    becomes: "failed",
    ...asked,
  },
  "POST-4.2": {
    fault: "the restored copy differs",
    becomes: "failed",
    ...gate("that fails removes the copy, keeps the snapshot, and never calls it proved"),
  },
} satisfies Partial<Record<BoxId, Fault>>;
