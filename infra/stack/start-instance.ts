import {
  DescribeInstancesCommand,
  EC2Client,
  StartInstancesCommand,
  waitUntilInstanceRunning,
  waitUntilInstanceStopped,
} from "@aws-sdk/client-ec2";
import { clientOptions } from "../core/aws-client";

/** Run where a data volume has gone: its host was stopped for that, and serves again from here on. */
async function main(instanceId: string): Promise<void> {
  const client = new EC2Client(clientOptions(process.env.AWS_REGION ?? ""));
  const one = { InstanceIds: [instanceId] };
  const found = await client.send(new DescribeInstancesCommand(one));
  const state = found.Reservations?.[0]?.Instances?.[0]?.State?.Name;
  if (state !== "stopped" && state !== "stopping") return;
  process.stderr.write(`starting the host ${instanceId} again\n`);
  await waitUntilInstanceStopped({ client, maxWaitTime: 600 }, one);
  await client.send(new StartInstancesCommand(one));
  await waitUntilInstanceRunning({ client, maxWaitTime: 600 }, one);
}

await main(process.env.INSTANCE_ID ?? "");
