import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type AlarmRule, alarmDescription } from "./alarms";
import { dashboardBody } from "./dashboard";

export interface MonitoringArgs {
  region: string;
  instanceId: pulumi.Input<string>;
  databaseIdentifier: pulumi.Input<string>;
  rules: readonly AlarmRule[];
  /** Told when an alarm begins and when it ends. */
  topicArn: pulumi.Input<string>;
  /** A file of this program, or a link. */
  runbook: string;
  /** Name and number. */
  onCall: string;
}

/** What AWS itself measures of host and database and says of the latter: a dashboard, an alarm for each rule, RDS's own events. */
export class Monitoring extends pulumi.ComponentResource {
  readonly dashboard: pulumi.Output<string>;
  readonly alarms: pulumi.Output<string[]>;

  constructor(name: string, args: MonitoringArgs, opts?: pulumi.ComponentResourceOptions) {
    super("prompt-library:infra:Monitoring", name, {}, opts);
    const parent = { parent: this };
    const { region, instanceId, databaseIdentifier } = args;
    const dashboard = new aws.cloudwatch.Dashboard(
      `${name}-dashboard`,
      {
        dashboardName: name,
        dashboardBody: pulumi
          .all([instanceId, databaseIdentifier])
          .apply(([host, database]) => dashboardBody({ region, instanceId: host, databaseIdentifier: database })),
      },
      parent,
    );
    const alarms = args.rules.map(
      (rule) =>
        new aws.cloudwatch.MetricAlarm(
          `${name}-${rule.id}`,
          {
            alarmDescription: alarmDescription(rule, args.runbook, args.onCall),
            namespace: rule.namespace,
            metricName: rule.metric,
            dimensions:
              rule.namespace === "AWS/EC2" ? { InstanceId: instanceId } : { DBInstanceIdentifier: databaseIdentifier },
            statistic: rule.statistic,
            comparisonOperator: rule.comparison,
            threshold: rule.threshold,
            period: rule.periodSeconds,
            evaluationPeriods: rule.periods,
            alarmActions: [args.topicArn],
            okActions: [args.topicArn],
          },
          parent,
        ),
    );
    new aws.rds.EventSubscription(
      `${name}-database-events`,
      {
        snsTopic: args.topicArn,
        sourceType: "db-instance",
        sourceIds: [databaseIdentifier],
        eventCategories: ["configuration change", "failover", "failure", "low storage", "maintenance"],
      },
      // Another instance, which a restore makes, is another subscription: one way to have the right one.
      { ...parent, replaceOnChanges: ["sourceIds"] },
    );
    this.dashboard = dashboard.dashboardName;
    this.alarms = pulumi.all(alarms.map((alarm) => alarm.name));
    this.registerOutputs({ dashboard: this.dashboard, alarms: this.alarms });
  }
}
