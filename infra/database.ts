import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export interface DatabaseArgs {
  subnetIds: pulumi.Input<string>[];
  securityGroupId: pulumi.Input<string>;
  engineVersion: string;
  instanceClass: string;
  storageGiB: number;
  multiAz: boolean;
  backupRetentionDays: number;
  masterPassword: pulumi.Input<string>;
  /** Deletion protection, `protect` and the final snapshot. Off means: `destroy` takes the data with it. */
  isProtected: boolean;
}

export const masterUser = "deployment_master";

/** A private, encrypted PostgreSQL that speaks TLS only and counts its statements. */
export class Database extends pulumi.ComponentResource {
  /** The instance's name, as the AWS CLI takes it. */
  readonly identifier: pulumi.Output<string>;
  /** Never the same for two instances, also when a restored one takes over the name. */
  readonly resourceId: pulumi.Output<string>;
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
          { name: "log_lock_waits", value: "1", applyMethod: "immediate" },
        ],
      },
      parent,
    );
    const instance = new aws.rds.Instance(
      `${name}-instance`,
      {
        identifier: name,
        engine: "postgres",
        engineVersion: args.engineVersion,
        instanceClass: args.instanceClass,
        allocatedStorage: args.storageGiB,
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
        copyTagsToSnapshot: true,
        deletionProtection: args.isProtected,
        skipFinalSnapshot: !args.isProtected,
        ...(args.isProtected ? { finalSnapshotIdentifier: `${name}-final` } : {}),
        deleteAutomatedBackups: !args.isProtected,
        applyImmediately: true,
        autoMinorVersionUpgrade: false,
      },
      { ...parent, protect: args.isProtected },
    );
    this.identifier = instance.identifier;
    this.resourceId = instance.resourceId;
    this.arn = instance.arn;
    this.address = instance.address;
    this.port = instance.port;
    this.registerOutputs({
      identifier: this.identifier,
      resourceId: this.resourceId,
      arn: this.arn,
      address: this.address,
      port: this.port,
    });
  }
}
