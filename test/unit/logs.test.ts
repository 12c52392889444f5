import * as pulumi from "@pulumi/pulumi";
import { beforeAll, expect, test } from "vitest";
import { monitoringSettings } from "../../infra/settings/monitoring";
import { alarmRules } from "../../infra/stack/alarms";
import { FlowLogs } from "../../infra/stack/flow-logs";
import { Monitoring } from "../../infra/stack/monitoring";

const account = "111122223333";
const made: { type: string; name: string; inputs: Record<string, unknown> }[] = [];

const ofType = (type: string) => made.filter((one) => one.type === type).map(({ inputs }) => inputs);

beforeAll(async () => {
  await pulumi.runtime.setMocks({
    newResource: async ({ type, name, inputs }) => {
      made.push({ type, name, inputs: inputs as Record<string, unknown> });
      const arn = `arn:aws:any:eu-central-1:${account}:${name}`;
      return { id: `${name}-id`, state: { ...(inputs as object), arn } };
    },
    call: () => ({}),
  });
  new FlowLogs("x-flows", { account, vpcId: "x-vpc-id" });
  new Monitoring("x-monitoring", {
    region: "eu-central-1",
    instanceId: "i-1",
    databaseIdentifier: "x",
    rules: alarmRules({ monitoring: monitoringSettings.parse({}), database: { storageGiB: 20 } }),
    topicArn: "the-topic",
    runbook: "docs/runbooks/alarms.md",
    onCall: "Ada",
  });
  await pulumi.runtime.disconnect();
});

test("all traffic of the network is logged, to a group whose logs expire", () => {
  expect(ofType("aws:ec2/flowLog:FlowLog")).toMatchObject([
    { vpcId: "x-vpc-id", trafficType: "ALL", logDestination: `arn:aws:any:eu-central-1:${account}:x-flows-log` },
  ]);
  for (const group of ofType("aws:cloudwatch/logGroup:LogGroup")) expect(group).toMatchObject({ retentionInDays: 365 });
});

test("the topic hears what RDS says of the stack's database", () => {
  expect(ofType("aws:rds/eventSubscription:EventSubscription")).toMatchObject([
    { snsTopic: "the-topic", sourceType: "db-instance", sourceIds: ["x"] },
  ]);
});
