import { setTimeout as sleep } from "node:timers/promises";
import { EC2Client, GetConsoleOutputCommand } from "@aws-sdk/client-ec2";
import { clientOptions } from "../core/aws-client";
import { Failure } from "../core/failure";
import { progressOf } from "../core/progress";
import { hostKeyIn } from "../host/commands/host-key";

/** The packages come before the key, from Debian's archive; without Nitro, Amazon shows a console minutes later. */
const deadlineMs = 900_000;

/** Prints the public key that a host made for itself, as its console shows it: what every connection to the host is held to. */
async function main(instanceId: string): Promise<void> {
  const progress = progressOf("host key");
  progress(`waiting for ${instanceId} to print its SSH key on its console`);
  const client = new EC2Client(clientOptions(process.env.AWS_REGION ?? "", { timeoutMs: 20_000 }));
  for (const deadline = Date.now() + deadlineMs; ; await sleep(2_000)) {
    const key = hostKeyIn(await consoleOf(client, instanceId));
    if (key !== undefined) return void process.stdout.write(key);
    if (Date.now() > deadline)
      throw new Failure(
        "host-key-not-printed",
        `the host ${instanceId} did not print its SSH key on its console within ${deadlineMs / 60_000} min, so nothing connects to it.\n` +
          `Look at: aws ec2 get-console-output --latest --output text --instance-id ${instanceId}`,
        "a host that booted with an error is replaced by pulumi up --replace URN, its instance's (pulumi stack --show-urns)",
      );
  }
}

/** Only Nitro shows the console as it is now; of others Amazon keeps what was printed around the last start. */
async function consoleOf(client: EC2Client, instanceId: string): Promise<string> {
  const one = { InstanceId: instanceId };
  const { Output = "" } = await client
    .send(new GetConsoleOutputCommand({ ...one, Latest: true }))
    .catch((error: unknown) => {
      if (error instanceof Error && error.name === "UnsupportedOperation")
        return client.send(new GetConsoleOutputCommand(one));
      throw error;
    });
  return Buffer.from(Output, "base64").toString();
}

await main(process.env.INSTANCE_ID ?? "").catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
