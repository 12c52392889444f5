import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DescribeInstanceAttributeCommand } from "@aws-sdk/client-ec2";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { userData } from "../../infra/host/commands/user-data";
import { type Cloud, startCloud, stopCloud } from "../cloud/cloud";
import { bootHost, clients, makeKey, makeNetwork, type TestHost, until } from "./cloud-fixture";

/** A host as user data and `configure` leave it, without an engine and a release. */
let directory: string;
let cloud: Cloud;
let host: TestHost;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "hardened-host-"));
  cloud = await startCloud({ home: join(directory, "cloud"), log: console.error });
  host = await bootHost(cloud, await makeNetwork(cloud), await makeKey(directory), userData("prompt-library"));
}, 600_000);

afterAll(async () => {
  try {
    await stopCloud({ home: join(directory, "cloud") });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}, 120_000);

describe("the host's SSH key", () => {
  test("is made on the host and read from its console, before anybody connects", async () => {
    const { stdout } = await execa("node", ["--import", "tsx", "infra/stack/read-host-key.ts"], {
      env: { ...cloud.environment, INSTANCE_ID: host.instanceId, AWS_REGION: "us-east-1" },
      timeout: 60_000,
    });
    expect(stdout).toMatch(/^ssh-ed25519 \S{68}$/);
    const served = await until("sshd", 30_000, async () =>
      (await execa("ssh-keyscan", ["-T", "5", host.address], { reject: false })).stdout.trim(),
    );
    expect(served.split("\n")).toEqual([`${host.address} ${stdout}`]);
  });

  test("is in nothing that Amazon shows of the instance", async () => {
    const { UserData } = await clients(cloud).ec2.send(
      new DescribeInstanceAttributeCommand({ InstanceId: host.instanceId, Attribute: "userData" }),
    );
    const described = Buffer.from(UserData?.Value ?? "", "base64").toString();
    const { stdout: asked } = await host.run(
      "T=$(curl -s -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token); " +
        'sudo curl -s -H "X-aws-ec2-metadata-token: $T" http://169.254.169.254/latest/user-data',
    );
    for (const text of [described, asked]) {
      expect(text).toContain("#cloud-config");
      expect(text).not.toMatch(/PRIVATE|ssh_keys/);
    }
  });
});
