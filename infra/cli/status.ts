import { CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import { readHostState } from "../context/host-state";
import type { StepContext } from "../context/step";
import { clientOptions, s3Client } from "../core/aws-client";
import { readHostTraces } from "../diagnosis/host";
import { hostTracesScript } from "../host/commands/diagnosis-script";
import { slots } from "../host/commands/paths";
import { describeLease } from "../lock/lease";
import { LockStore } from "../lock/store";
import { releasesOnHost } from "../phases/stage/ledger";
import type { Looked } from "./look";
import { newestReports } from "./report-archive";
import { settingsDifferences } from "./settings-differences";
import { StackConfig } from "./stack-config";
import { lastInput, servingInput } from "./stack-input";
import { renderStatus, type Status, troublesOf } from "./status-text";

/** What a stack is like now, on one screen. @returns whether nothing of it is wrong */
export async function status(
  { stack, configFile, state, open, say }: Looked,
  options: { json?: boolean },
): Promise<boolean> {
  const context = await open("evidence", lastInput(stack, state));
  const config = await new StackConfig(stack, configFile).settings();
  const [serving, reports, alarms, lock] = await Promise.all([
    describeServing(context),
    newestReports(s3Client(config.target.region), context.input, 1),
    readAlarms(context),
    new LockStore(context.input.bucket, stack, config.target.region).read(),
  ]);
  const [last] = reports;
  const seen: Status = {
    stack,
    application: config.app.name,
    publicUrl: `https://${config.network.publicName}`,
    address: context.input.host.address,
    ...serving,
    configured: {
      release: config.release,
      schemaVersion: config.schemaVersion,
      differing: settingsDifferences(context.input.settings, config).map(({ key }) => key),
    },
    lastReport: last === undefined ? null : { ...last },
    alarms,
    lock: lock === undefined || lock.lease.isFree ? null : describeLease(lock),
  };
  say(options.json === true ? JSON.stringify(seen) : renderStatus(seen));
  return troublesOf(seen).length === 0;
}

async function describeServing(context: StepContext): Promise<Pick<Status, "serving" | "slots">> {
  const { settings } = context.input;
  const state = await readHostState(context);
  const traces = readHostTraces(
    await context.host.run("looking at the host", hostTracesScript(settings.app.name, context.paths)),
  );
  const content = state.serving === null ? null : state.slots[state.serving];
  const known = (await releasesOnHost(context)).find(({ digest }) => digest === content?.digest);
  const schemaVersion = content === null ? null : ((await servingInput(context))?.settings.schemaVersion ?? null);
  return {
    serving:
      content === null || schemaVersion === null
        ? null
        : {
            release: content.release,
            commit: content.commit,
            schemaVersion,
            slot: content.slot,
            since: known?.servedAt ?? null,
            who: known?.who ?? null,
          },
    slots: slots.map((slot) => ({ slot, release: state.slots[slot]?.release ?? null, backend: traces.slots[slot] })),
  };
}

async function readAlarms({ input }: StepContext): Promise<Status["alarms"]> {
  const cloudwatch = new CloudWatchClient(clientOptions(input.settings.target.region, { timeoutMs: 20_000 }));
  const { MetricAlarms: found = [] } = await cloudwatch.send(
    new DescribeAlarmsCommand({ AlarmNames: input.monitoring.alarms }),
  );
  return input.monitoring.alarms.map((name) => ({
    name,
    state: found.find((alarm) => alarm.AlarmName === name)?.StateValue ?? "missing",
  }));
}
