import { type DBSnapshot, paginateDescribeDBSnapshots, RDSClient } from "@aws-sdk/client-rds";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { openContext } from "../context/context";
import { connectTo, withClient } from "../context/database-connection";
import { describeDatabase } from "../context/database-service";
import { ownerOf } from "../context/owner";
import type { StepContext } from "../context/step";
import { clientOptions, s3Client } from "../core/aws-client";
import { masterUser } from "../core/role-names";
import { whoRuns } from "../core/who-runs";
import { compareWithNow } from "../database/backup/age-comparison";
import { findCopies, removeCopy, restoreCopy } from "../database/backup/copies";
import { type DrillReport, drillProblems, type FoundSnapshot, newestScheduled } from "../database/backup/drill";
import { checkIntegrity } from "../database/backup/integrity";
import { layOut } from "../database/backup/layout";
import { DeploymentLock } from "../lock/deployment-lock";
import { LockStore } from "../lock/store";
import { reportReading } from "../phases/backup/snapshot";
import { stackInput } from "./stack-input";

export type DrillOptions = {
  stack: string;
  /** Another one than the newest that a schedule took. */
  snapshot?: string;
};

/**
 * Restores a scheduled backup beside the database, proves it and times it. The copy is gone afterwards, whatever was found; the report is
 * kept in the stack's bucket. No deployment runs meanwhile: each removes copies that it finds.
 * @throws Error when no backup could be restored at all
 */
export async function drill(options: DrillOptions): Promise<DrillReport> {
  const input = await stackInput(options.stack);
  const context = openContext("backup", input, new Date(), "drill");
  const lock = new DeploymentLock(new LockStore(input.bucket, input.stack, input.settings.target.region), {
    who: whoRuns(),
    deployment: context.runId,
  });
  try {
    await lock.take("drill", context.progress);
    try {
      return await onCopy(context, options);
    } finally {
      await lock.free();
    }
  } finally {
    await context.host.close();
  }
}

async function onCopy(context: StepContext, options: DrillOptions): Promise<DrillReport> {
  const { input, progress } = context;
  const rds = new RDSClient(clientOptions(input.settings.target.region));
  const owner = ownerOf(input);
  const clear = async () => {
    for (const copy of await findCopies(rds, owner)) await removeCopy(rds, copy);
  };
  const { instance } = await describeDatabase(input);
  const wanted = await chooseSnapshot(rds, input.database.identifier, options.snapshot);
  await clear();
  try {
    progress(`restoring ${wanted.id} (${wanted.kind}, taken ${wanted.takenAt.toISOString()}) beside the database`);
    const startedAt = Date.now();
    const copy = await restoreCopy(rds, {
      of: instance,
      snapshot: wanted.id,
      owner,
      instanceClass: input.settings.backup.copyInstanceClass,
    });
    const login = { user: masterUser, password: input.settings.secrets.masterPassword };
    const connect = () => connectTo(copy, login, context.host, input, "whole");
    const { horizon } = await withClient(connect(), (client) => layOut(client));
    const recoverySeconds = (Date.now() - startedAt) / 1000;
    progress(`the copy answered after ${Math.round(recoverySeconds)} s; proving it`);
    const integrity = await withClient(connect(), checkIntegrity);
    const now = () => context.connect("owner", "whole");
    const layout = await withClient(now(), (client) => layOut(client, input.settings.backup.exclude));
    const { readers } = input.settings.backup;
    const reading = { readers, progress: reportReading(progress, "comparing") };
    const tables = await compareWithNow(connect, now, { ...layout, horizon }, reading);
    const report: DrillReport = {
      version: 1,
      stack: input.stack,
      at: new Date().toISOString(),
      snapshot: wanted.id,
      kind: wanted.kind,
      takenAt: wanted.takenAt.toISOString(),
      recoverySeconds,
      lostSeconds: (startedAt - wanted.takenAt.getTime()) / 1000,
      tables,
      integrity: integrity.evidence,
      problems: drillProblems(tables, integrity.problems),
    };
    progress(`kept as s3://${input.bucket}/${await keepReport(context, report)}`);
    return report;
  } finally {
    progress("removing the copy");
    await clear();
  }
}

async function chooseSnapshot(rds: RDSClient, instance: string, named: string | undefined): Promise<FoundSnapshot> {
  const found: FoundSnapshot[] = [];
  for await (const { DBSnapshots = [] } of paginateDescribeDBSnapshots(
    { client: rds },
    { DBInstanceIdentifier: instance },
  ))
    found.push(...DBSnapshots.flatMap(asFound));
  const wanted = named === undefined ? newestScheduled(found) : found.find(({ id }) => id === named);
  if (wanted !== undefined) return wanted;
  throw new Error(
    named === undefined
      ? `no scheduled backup of ${instance} is available yet: AWS Backup takes one at backup.schedule, RDS one in its backup window. To rehearse with another: npm run drill -- STACK --snapshot ID`
      : `${instance} has no available snapshot ${named}. It has: ${found.map(({ id }) => id).join(", ") || "none"}`,
  );
}

function asFound(snapshot: DBSnapshot): FoundSnapshot[] {
  const { DBSnapshotIdentifier: id, SnapshotType: kind, SnapshotCreateTime: takenAt, Status } = snapshot;
  return Status !== "available" || id === undefined || kind === undefined || takenAt === undefined
    ? []
    : [{ id, kind, takenAt }];
}

async function keepReport({ input }: StepContext, report: DrillReport): Promise<string> {
  const Key = `drills/${report.at}.json`;
  await s3Client(input.settings.target.region).send(
    new PutObjectCommand({
      Bucket: input.bucket,
      Key,
      Body: JSON.stringify(report, null, 2),
      ContentType: "application/json",
    }),
  );
  return Key;
}
