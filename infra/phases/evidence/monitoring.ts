import { CloudWatchClient, DescribeAlarmsCommand, GetDashboardCommand } from "@aws-sdk/client-cloudwatch";
import type { StepInput } from "../../context/input";
import { prove, type StepContext } from "../../context/step";
import { clientOptions } from "../../core/aws-client";

/** Asks CloudWatch whether what the stack made there is there, and whether its alarms would tell anybody. */
export async function proveMonitoring(context: StepContext): Promise<void> {
  const cloudwatch = new CloudWatchClient(clientOptions(context.input.settings.target.region));
  await prove(context, "POST-3.1", () => dashboard(cloudwatch, context.input));
  await prove(context, "POST-3.2", () => alarms(cloudwatch, context.input));
}

async function dashboard(cloudwatch: CloudWatchClient, { monitoring, settings }: StepInput): Promise<string> {
  const found = await cloudwatch.send(new GetDashboardCommand({ DashboardName: monitoring.dashboard }));
  const { widgets } = JSON.parse(found.DashboardBody ?? "{}") as { widgets?: unknown[] };
  if (widgets === undefined || widgets.length === 0)
    throw new Error(`the dashboard ${monitoring.dashboard} shows nothing`);
  return `${monitoring.dashboard}, ${widgets.length} graphs: https://${settings.target.region}.console.aws.amazon.com/cloudwatch/home#dashboards/dashboard/${monitoring.dashboard}`;
}

async function alarms(cloudwatch: CloudWatchClient, { monitoring, topicArn }: StepInput): Promise<string> {
  const { MetricAlarms: found = [] } = await cloudwatch.send(
    new DescribeAlarmsCommand({ AlarmNames: monitoring.alarms }),
  );
  const silent = monitoring.alarms.filter(
    (name) =>
      !found.some(
        (alarm) =>
          alarm.AlarmName === name && alarm.ActionsEnabled === true && alarm.AlarmActions?.includes(topicArn) === true,
      ),
  );
  if (silent.length > 0)
    throw new Error(`${silent.join(", ")} would tell nobody: missing, switched off, or without the stack's topic`);
  return `${found.length} alarms tell ${topicArn}: ${found.map(({ AlarmName: name, StateValue: state }) => `${name} (${state})`).join(", ")}`;
}
