import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

interface MonitoringArgs {
  vpcId: pulumi.Input<string>;
  databaseIdentifier: pulumi.Input<string>;
}

export function monitoring({ vpcId, databaseIdentifier }: MonitoringArgs): void {
  const accountId = pulumi.output(aws.getCallerIdentity({})).accountId;
  // 7.48 renames `name` to `region`; the provider that runs has `id` in common with it.
  const region = pulumi.output(aws.getRegion({})).id;
  const topic = new aws.sns.Topic("alarms", {});
  new aws.sns.TopicPolicy("alarms", {
    arn: topic.arn,
    policy: pulumi.jsonStringify({
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "alarms",
          Effect: "Allow",
          Principal: { Service: "cloudwatch.amazonaws.com" },
          Action: "sns:Publish",
          Resource: topic.arn,
          Condition: { StringEquals: { "aws:SourceAccount": accountId } },
        },
      ],
    }),
  });
  new aws.sns.TopicSubscription("alarms", { topic: topic.arn, protocol: "email", endpoint: "operator@example.com" });
  // No CompositeAlarm: moto 5.2.1 answers PutCompositeAlarm by an inner error, which the provider retries for minutes.
  new aws.cloudwatch.MetricAlarm("memory", {
    namespace: "every",
    metricName: "MemoryPercent",
    comparisonOperator: "GreaterThanThreshold",
    evaluationPeriods: 1,
    period: 60,
    statistic: "Maximum",
    threshold: 80,
    treatMissingData: "breaching",
    alarmActions: [topic.arn],
  });
  new aws.cloudwatch.Dashboard("dashboard", {
    dashboardName: "every",
    dashboardBody: pulumi.jsonStringify({
      widgets: [
        {
          type: "metric",
          x: 0,
          y: 0,
          width: 12,
          height: 6,
          properties: { metrics: [["every", "MemoryPercent"]], region, title: "memory" },
        },
      ],
    }),
  });
  const log = new aws.cloudwatch.LogGroup("log", { retentionInDays: 30 });
  const writer = new aws.iam.Role("flows", {
    assumeRolePolicy: JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { Service: "vpc-flow-logs.amazonaws.com" }, Action: "sts:AssumeRole" }],
    }),
  });
  new aws.ec2.FlowLog("flows", { vpcId, trafficType: "ALL", logDestination: log.arn, iamRoleArn: writer.arn });
  new aws.rds.EventSubscription("database", {
    snsTopic: topic.arn,
    sourceType: "db-instance",
    sourceIds: [databaseIdentifier],
    eventCategories: ["failure"],
  });
  const key = new aws.kms.Key("key", { deletionWindowInDays: 7, enableKeyRotation: true });
  new aws.kms.Alias("key", { name: "alias/every", targetKeyId: key.keyId });
  const vault = new aws.backup.Vault("vault", { kmsKeyArn: key.arn });
  // No Selection for it: moto 5.2.1 doesn't know CreateBackupSelection.
  new aws.backup.Plan("plan", {
    rules: [
      { ruleName: "daily", targetVaultName: vault.name, schedule: "cron(0 3 * * ? *)", lifecycle: { deleteAfter: 14 } },
    ],
  });
}
