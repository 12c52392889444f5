import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clientOptions } from "../core/aws-client";
import { sharedDirectory } from "./ssh-identity";

export type Located = {
  region: string;
  instanceId: string;
  /** The elastic address: where the host answers once it has served. */
  publicAddress: string;
  publicKey: string;
};

/**
 * Where a host answers now. A host that replaces another one gets the elastic address last: until then it has only the one that its
 * subnet mapped at launch. Amazon is asked once in a deployment: its phases share the answer.
 * @returns the elastic address where Amazon names none or does not answer; the pinned key shows whether it is that host's
 */
export async function currentAddress(host: Located, privateKey: string): Promise<string> {
  const directory = sharedDirectory(host.publicKey, privateKey);
  const file = directory === undefined ? undefined : join(directory, "address");
  const known = file === undefined ? undefined : readIfThere(file);
  if (known !== undefined) return known;
  const address = await askAmazon(host);
  if (address === undefined) return host.publicAddress;
  if (file !== undefined) writeFileSync(file, address, { mode: 0o600 });
  return address;
}

async function askAmazon({ region, instanceId }: Located): Promise<string | undefined> {
  // Loaded only by the phase that asks.
  const { DescribeInstancesCommand, EC2Client } = await import("@aws-sdk/client-ec2");
  const ec2 = new EC2Client(clientOptions(region, { timeoutMs: 10_000, maxAttempts: 2 }));
  try {
    const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] }));
    return Reservations[0]?.Instances?.[0]?.PublicIpAddress;
  } catch {
    return undefined;
  } finally {
    ec2.destroy();
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
