import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

interface DatabaseArgs {
  subnetIds: pulumi.Input<string>[];
  securityGroupId: pulumi.Input<string>;
}

export function database({ subnetIds, securityGroupId }: DatabaseArgs): pulumi.Output<string> {
  const subnets = new aws.rds.SubnetGroup("subnets", { subnetIds });
  const parameters = new aws.rds.ParameterGroup("parameters", {
    family: "postgres17",
    parameters: [
      { name: "rds.force_ssl", value: "1", applyMethod: "pending-reboot" },
      { name: "shared_preload_libraries", value: "pg_stat_statements", applyMethod: "pending-reboot" },
      { name: "log_lock_waits", value: "1", applyMethod: "immediate" },
    ],
  });
  const { identifier } = new aws.rds.Instance("database", {
    identifier: "every-database",
    engine: "postgres",
    engineVersion: "17.5",
    instanceClass: "db.t4g.micro",
    allocatedStorage: 20,
    storageType: "gp3",
    storageEncrypted: true,
    username: "deployment_master",
    password: pulumi.secret("not-a-real-password"),
    dbName: "every",
    dbSubnetGroupName: subnets.name,
    vpcSecurityGroupIds: [securityGroupId],
    parameterGroupName: parameters.name,
    publiclyAccessible: false,
    backupRetentionPeriod: 7,
    copyTagsToSnapshot: true,
    deleteAutomatedBackups: true,
    skipFinalSnapshot: true,
    applyImmediately: true,
    autoMinorVersionUpgrade: false,
  });
  return identifier;
}
