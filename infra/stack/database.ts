import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { masterUser } from "../core/role-names";
import { dailyWindow, weeklyWindow } from "../settings/database-windows";
import type { Settings } from "../settings/settings";
import { sayWhileWaiting } from "./long-wait";

export interface DatabaseArgs {
  subnetIds: pulumi.Input<string>[];
  securityGroupId: pulumi.Input<string>;
  engineVersion: string;
  instanceClass: string;
  storageGiB: number;
  /** How far RDS lets the storage grow by itself; not at all where it is not given. */
  maxStorageGiB?: number | undefined;
  multiAz: boolean;
  backupRetentionDays: number;
  backupWindow: Settings["database"]["backupWindow"];
  upkeepWindow: Settings["database"]["upkeepWindow"];
  restoredFrom?: { snapshot: string; number: number; lineage: string } | undefined;
  masterPassword: pulumi.Input<string>;
  /** Deletion protection, `protect` and the final snapshot. Off means: `destroy` takes the data with it. */
  isProtected: boolean;
}

/** The instance's name: another one for each restore, so that it stands beside the one whose place it takes. */
export function databaseIdentifier(name: string, restoredFrom: { number: number } | undefined): string {
  return restoredFrom === undefined ? name : `${name}-r${restoredFrom.number}`;
}

/** A private, encrypted PostgreSQL that speaks TLS only and counts its statements. */
export class Database extends pulumi.ComponentResource {
  /** The instance's name, as the AWS CLI takes it. */
  readonly identifier: pulumi.Output<string>;
  /** Of the instance that began empty, whatever it was restored from since: whose roles these are. */
  readonly lineage: pulumi.Output<string>;
  readonly arn: pulumi.Output<string>;
  readonly address: pulumi.Output<string>;
  readonly port: pulumi.Output<number>;

  constructor(name: string, args: DatabaseArgs, opts?: pulumi.ComponentResourceOptions) {
    super("prompt-library:infra:Database", name, {}, opts);
    const parent = { parent: this };
    const subnets = new aws.rds.SubnetGroup(`${name}-subnets`, { subnetIds: args.subnetIds }, parent);
    const parameters = new aws.rds.ParameterGroup(
      `${name}-parameters`,
      {
        family: `postgres${Number.parseInt(args.engineVersion, 10)}`,
        description: "TLS only, statements counted",
        parameters: [
          { name: "rds.force_ssl", value: "1", applyMethod: "pending-reboot" },
          { name: "shared_preload_libraries", value: "pg_stat_statements", applyMethod: "pending-reboot" },
          // What is no SELECT, INSERT, UPDATE or DELETE is kept as it was written, passwords that RDS itself sets included.
          { name: "pg_stat_statements.track_utility", value: "0", applyMethod: "immediate" },
          { name: "log_lock_waits", value: "1", applyMethod: "immediate" },
        ],
      },
      parent,
    );
    const { restoredFrom } = args;
    const identifier = databaseIdentifier(name, restoredFrom);
    const instance = new aws.rds.Instance(
      `${name}-instance`,
      {
        identifier,
        ...(restoredFrom === undefined ? {} : { snapshotIdentifier: restoredFrom.snapshot }),
        engine: "postgres",
        engineVersion: args.engineVersion,
        instanceClass: args.instanceClass,
        allocatedStorage: args.storageGiB,
        ...(args.maxStorageGiB === undefined ? {} : { maxAllocatedStorage: args.maxStorageGiB }),
        storageType: "gp3",
        storageEncrypted: true,
        multiAz: args.multiAz,
        username: masterUser,
        password: args.masterPassword,
        dbSubnetGroupName: subnets.name,
        vpcSecurityGroupIds: [args.securityGroupId],
        publiclyAccessible: false,
        parameterGroupName: parameters.name,
        backupRetentionPeriod: args.backupRetentionDays,
        backupWindow: dailyWindow(args.backupWindow),
        maintenanceWindow: weeklyWindow(args.upkeepWindow),
        copyTagsToSnapshot: true,
        deletionProtection: args.isProtected,
        skipFinalSnapshot: !args.isProtected,
        ...(args.isProtected ? { finalSnapshotIdentifier: `${identifier}-final` } : {}),
        deleteAutomatedBackups: !args.isProtected,
        applyImmediately: true,
        autoMinorVersionUpgrade: false,
      },
      // A restored one takes the place of another, which a protected stack keeps until a person deletes it.
      { ...parent, protect: args.isProtected, retainOnDelete: args.isProtected, replaceOnChanges: ["identifier"] },
    );
    sayWhileWaiting(`the database instance ${identifier}`, instance);
    this.lineage = instance.resourceId.apply((id) => restoredFrom?.lineage ?? id);
    this.identifier = instance.identifier;
    this.arn = instance.arn;
    this.address = instance.address;
    this.port = instance.port;
    this.registerOutputs({
      identifier: this.identifier,
      lineage: this.lineage,
      arn: this.arn,
      address: this.address,
      port: this.port,
    });
  }
}
