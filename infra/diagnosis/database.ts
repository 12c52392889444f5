import {
  DBInstanceNotFoundFault,
  DescribeDBInstancesCommand,
  paginateDescribeDBSnapshots,
  RDSClient,
  StartDBInstanceCommand,
  waitUntilDBInstanceAvailable,
} from "@aws-sdk/client-rds";
import { withClient } from "../context/database-connection";
import type { StepInput } from "../context/input";
import type { StepContext } from "../context/step";
import { clientOptions } from "../core/aws-client";
import { roleNames } from "../core/role-names";
import { tagsOf } from "../database/backup/ownership";
import { ask, type Finding, type Section } from "./finding";

export type Snapshot = { id: string; at: string; release?: string | undefined; schemaVersion?: string | undefined };

/** RDS's own word for the instance, and what it could be restored from. */
export type InstanceTraces = {
  /** Undefined where RDS does not know it. */
  status: string | undefined;
  /** The newest first. */
  snapshots: readonly Snapshot[];
};

export type DatabaseSituation = {
  stack: string;
  region: string;
  identifier: string;
  storageGiB: number;
  /** What the last deployment was given: for a snapshot that does not say what it holds. */
  release: string;
  schemaVersion: number;
};

/** RDS takes minutes to start an instance, the more the more it has to recover. */
const startSeconds = 3600;

/** In these it answers as ever. */
const answers =
  /^(available|backing-up|modifying|configuring-.*|storage-(config-upgrade|initialization|optimization)|converting-to-vpc|moving-to-vpc|delete-precheck)$/;
/** In these it will answer soon, without anybody. */
const passes =
  /^(creating|starting|stopping|rebooting|renaming|upgrading|maintenance|resetting-master-credentials|insufficient-capacity)$/;

/** What RDS's word means for the application. */
export function instanceFindings(situation: DatabaseSituation, { status, snapshots }: InstanceTraces): Finding[] {
  const { stack, region, identifier } = situation;
  if (status !== undefined && answers.test(status)) return [];
  const what =
    status === undefined
      ? `RDS does not know the database ${identifier}`
      : `RDS says that the database ${identifier} is ${status}`;
  const down = "The application cannot reach its database; users get errors.";
  if (status === "stopped")
    return [
      {
        what,
        means: `${down} Once it runs, the application reconnects.`,
        command: `npm run diagnose -- ${stack} --start-database`,
      },
    ];
  if (status === "storage-full")
    return [
      {
        what,
        means: `${down} It needs more storage.`,
        command: `pulumi config set --path database.storageGiB ${Math.ceil(situation.storageGiB * 1.5)} --stack ${stack}\npulumi up --stack ${stack}`,
      },
    ];
  if (status !== undefined && passes.test(status))
    return [
      {
        what,
        means: `${down} RDS is at work on it: ask again until it has ended.`,
        command: `npm run diagnose -- ${stack}`,
      },
    ];
  const [newest] = snapshots;
  if (newest === undefined)
    return [
      {
        what: `${what}, and there is no snapshot of it`,
        means: `${down} RDS does not repair it, and there is nothing to restore. RDS's own events say what happened; Amazon's support can help.`,
        command: `aws rds describe-events --source-type db-instance --source-identifier ${identifier} --duration 1440 --region ${region}`,
      },
    ];
  const options =
    newest.release === undefined || newest.schemaVersion === undefined
      ? ` --release ${situation.release} --schema ${situation.schemaVersion}`
      : "";
  return [
    {
      what,
      means:
        `${down} RDS does not repair it. The newest snapshot is of ${newest.at}: what was written since is lost.` +
        (options === ""
          ? ""
          : " It does not say which release and schema it holds: those of the last deployment are assumed."),
      command: `npm run restore -- ${stack} ${newest.id}${options}`,
    },
  ];
}

/** What a refused login means. */
export function loginFinding(stack: string, role: string, message: string): Finding {
  const isLocked = /is not permitted to log in/.test(message);
  return isLocked
    ? {
        what: `the database role ${role} is locked: ${message}`,
        means: "Somebody took its LOGIN away. Refresh reads the role from the database, and up gives LOGIN back.",
        command: `pulumi refresh --run-program --skip-preview --stack ${stack}\npulumi up --stack ${stack}`,
      }
    : {
        what: `the database does not let ${role} in: ${message}`,
        means: "The database, or the way to it, is out of order. Preflight asks for each part of that way.",
        command: `npm run preflight -- ${stack}`,
      };
}

/** The database as RDS describes it, and as each role reaches it. Reads only. */
export async function diagnoseDatabase(context: StepContext): Promise<Section> {
  const { input } = context;
  const { identifier } = input.database;
  const section: Section = { title: "The database", asked: [], findings: [] };
  let isUp = true;
  await ask(
    section,
    `RDS about ${identifier}`,
    async () => {
      const traces = await readInstance(input);
      const found = instanceFindings(
        {
          stack: input.stack,
          region: input.settings.target.region,
          identifier,
          storageGiB: input.settings.database.storageGiB,
          release: input.release.name,
          schemaVersion: input.settings.schemaVersion,
        },
        traces,
      );
      section.findings.push(...found);
      isUp = found.length === 0;
      return traces.status ?? "unknown to RDS";
    },
    {
      means: "RDS could not be asked: without that, nobody knows whether the database runs.",
      command: `aws rds describe-db-instances --db-instance-identifier ${identifier} --region ${input.settings.target.region}`,
    },
  );
  if (!isUp) return section;
  for (const role of Object.keys(roleNames) as (keyof typeof roleNames)[])
    try {
      const answer = await withClient(context.connect(role), async (client) => {
        const { rows } = await client.query<{ now: Date }>("select now()");
        return `answered at ${rows[0]?.now.toISOString()}`;
      });
      section.asked.push({ question: `login as ${roleNames[role]}`, answer });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      section.asked.push({ question: `login as ${roleNames[role]}`, answer: `no: ${message}` });
      section.findings.push(loginFinding(input.stack, roleNames[role], message));
      // What is not about a role is the same for each of them.
      if (!/is not permitted to log in|password authentication failed/.test(message)) break;
    }
  return section;
}

/** Starts an instance that somebody stopped, and waits until it answers. */
export async function startDatabase({ settings, database }: StepInput): Promise<void> {
  const rds = new RDSClient(clientOptions(settings.target.region));
  const instance = { DBInstanceIdentifier: database.identifier };
  await rds.send(new StartDBInstanceCommand(instance));
  await waitUntilDBInstanceAvailable({ client: rds, maxWaitTime: startSeconds, minDelay: 2, maxDelay: 15 }, instance);
}

async function readInstance({ settings, database }: StepInput): Promise<InstanceTraces> {
  const rds = new RDSClient(clientOptions(settings.target.region, { timeoutMs: 20_000 }));
  const { DBInstances: [instance] = [] } = await rds
    .send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: database.identifier }))
    .catch((error: unknown) => {
      if (error instanceof DBInstanceNotFoundFault) return { DBInstances: [] };
      throw error;
    });
  const status = instance?.DBInstanceStatus;
  if (status !== undefined && (answers.test(status) || passes.test(status))) return { status, snapshots: [] };
  const snapshots: Snapshot[] = [];
  for await (const page of paginateDescribeDBSnapshots({ client: rds }, { DBInstanceIdentifier: database.identifier }))
    for (const found of page.DBSnapshots ?? []) {
      if (found.Status !== "available" || found.DBSnapshotIdentifier === undefined) continue;
      const tags = tagsOf(found.TagList);
      snapshots.push({
        id: found.DBSnapshotIdentifier,
        at: found.SnapshotCreateTime?.toISOString() ?? "",
        release: tags.release || undefined,
        schemaVersion: tags["schema-version"] || undefined,
      });
    }
  return { status, snapshots: snapshots.sort((a, b) => b.at.localeCompare(a.at)) };
}
