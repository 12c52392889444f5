import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import {
  AllocateAddressCommand,
  AssociateAddressCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeImagesCommand,
  EC2Client,
  ImportKeyPairCommand,
  ModifySubnetAttributeCommand,
  RunInstancesCommand,
} from "@aws-sdk/client-ec2";
import {
  CreateDBInstanceCommand,
  CreateDBParameterGroupCommand,
  CreateDBSubnetGroupCommand,
  DescribeDBInstancesCommand,
  ModifyDBParameterGroupCommand,
  RDSClient,
} from "@aws-sdk/client-rds";
import { execa } from "execa";
import type { Cloud } from "../cloud/cloud";

export const masterUser = "deployment_master";
export const masterPassword = "Long-enough_1";

export function clients(cloud: Cloud) {
  const settings = {
    endpoint: cloud.endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "testing", secretAccessKey: "testing" },
    maxAttempts: 1,
  };
  return { ec2: new EC2Client(settings), rds: new RDSClient(settings), settings };
}

/** Waits for a condition, and says at the deadline what was seen last. */
export async function until<T>(
  what: string,
  deadlineMs: number,
  look: () => Promise<T | null | undefined | false>,
): Promise<T> {
  const deadline = Date.now() + deadlineMs;
  let last = "nothing";
  for (;;) {
    try {
      const found = await look();
      if (found) return found;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    if (Date.now() > deadline) throw new Error(`${what} did not come within ${deadlineMs} ms; last: ${last}`);
    await pause(100);
  }
}

function present<T>(value: T | undefined | null, what: string): T {
  if (value === undefined || value === null) throw new Error(`the cloud's answer lacks ${what}`);
  return value;
}

export interface Network {
  vpcId: string;
  publicSubnetId: string;
  hostGroupId: string;
  databaseGroupId: string;
}

export async function makeNetwork(cloud: Cloud): Promise<Network> {
  const { ec2, rds } = clients(cloud);
  const vpcId = present((await ec2.send(new CreateVpcCommand({ CidrBlock: "10.20.0.0/16" }))).Vpc?.VpcId, "VpcId");
  const subnet = async (range: string, zone: string) =>
    present(
      (
        await ec2.send(
          new CreateSubnetCommand({ VpcId: vpcId, CidrBlock: range, AvailabilityZone: `us-east-1${zone}` }),
        )
      ).Subnet?.SubnetId,
      "SubnetId",
    );
  const publicSubnetId = await subnet("10.20.0.0/24", "a");
  await ec2.send(new ModifySubnetAttributeCommand({ SubnetId: publicSubnetId, MapPublicIpOnLaunch: { Value: true } }));
  const databases = [await subnet("10.20.1.0/24", "a"), await subnet("10.20.2.0/24", "b")];
  const group = async (name: string) =>
    present(
      (await ec2.send(new CreateSecurityGroupCommand({ GroupName: name, Description: name, VpcId: vpcId }))).GroupId,
      "GroupId",
    );
  const hostGroupId = await group("host");
  const databaseGroupId = await group("database");
  await open(cloud, hostGroupId, 22);
  await ec2.send(
    new AuthorizeSecurityGroupIngressCommand({
      GroupId: databaseGroupId,
      IpPermissions: [
        { IpProtocol: "tcp", FromPort: 5432, ToPort: 5432, UserIdGroupPairs: [{ GroupId: hostGroupId }] },
      ],
    }),
  );
  await rds.send(
    new CreateDBSubnetGroupCommand({
      DBSubnetGroupName: "databases",
      DBSubnetGroupDescription: "two zones",
      SubnetIds: databases,
    }),
  );
  await rds.send(
    new CreateDBParameterGroupCommand({
      DBParameterGroupName: "tls-only",
      DBParameterGroupFamily: "postgres17",
      Description: "TLS only",
    }),
  );
  await rds.send(
    new ModifyDBParameterGroupCommand({
      DBParameterGroupName: "tls-only",
      Parameters: [
        { ParameterName: "rds.force_ssl", ParameterValue: "1", ApplyMethod: "pending-reboot" },
        {
          ParameterName: "shared_preload_libraries",
          ParameterValue: "pg_stat_statements",
          ApplyMethod: "pending-reboot",
        },
        { ParameterName: "log_lock_waits", ParameterValue: "1", ApplyMethod: "immediate" },
      ],
    }),
  );
  return { vpcId, publicSubnetId, hostGroupId, databaseGroupId };
}

export async function open(cloud: Cloud, groupId: string, port: number, range = "127.0.0.0/8"): Promise<void> {
  await clients(cloud).ec2.send(
    new AuthorizeSecurityGroupIngressCommand({
      GroupId: groupId,
      IpPermissions: [{ IpProtocol: "tcp", FromPort: port, ToPort: port, IpRanges: [{ CidrIp: range }] }],
    }),
  );
}

export interface TestHost {
  instanceId: string;
  privateAddress: string;
  address: string;
  /** Runs a command on the host as `admin`, through the elastic IP. */
  run: (command: string, input?: string) => Promise<{ stdout: string; stderr: string; exitCode: number }>;
}

export async function makeKey(directory: string): Promise<string> {
  const key = join(directory, "key");
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  return key;
}

export async function bootHost(cloud: Cloud, network: Network, key: string, userData: string): Promise<TestHost> {
  const host = await runHost(cloud, network, key, userData);
  const address = await giveAddress(cloud, host.instanceId);
  return { ...host, address, run: overSsh(key, address) };
}

/** An elastic IP of its own. */
export async function giveAddress(cloud: Cloud, instanceId: string): Promise<string> {
  const { ec2 } = clients(cloud);
  const allocation = await ec2.send(new AllocateAddressCommand({ Domain: "vpc" }));
  await ec2.send(new AssociateAddressCommand({ AllocationId: allocation.AllocationId, InstanceId: instanceId }));
  return present(allocation.PublicIp, "PublicIp");
}

/** A host with the address alone that its subnet gives it. */
export async function runHost(cloud: Cloud, network: Network, key: string, userData: string) {
  const { ec2 } = clients(cloud);
  const image = (
    await ec2.send(
      new DescribeImagesCommand({
        Owners: ["136693071363"],
        Filters: [{ Name: "name", Values: ["debian-12-amd64-*"] }],
      }),
    )
  ).Images?.[0];
  await ec2
    .send(new ImportKeyPairCommand({ KeyName: "operator", PublicKeyMaterial: await readFile(`${key}.pub`) }))
    .catch((error: unknown) => {
      if (!(error instanceof Error && error.name === "InvalidKeyPair.Duplicate")) throw error;
    });
  const [instance] =
    (
      await ec2.send(
        new RunInstancesCommand({
          ImageId: present(image?.ImageId, "an image of Debian's"),
          InstanceType: "t3.small",
          MinCount: 1,
          MaxCount: 1,
          KeyName: "operator",
          SubnetId: network.publicSubnetId,
          SecurityGroupIds: [network.hostGroupId],
          MetadataOptions: { HttpTokens: "required" },
          UserData: Buffer.from(userData).toString("base64"),
        }),
      )
    ).Instances ?? [];
  return {
    instanceId: present(instance?.InstanceId, "InstanceId"),
    privateAddress: present(instance?.PrivateIpAddress, "PrivateIpAddress"),
  };
}

export function overSsh(key: string, address: string): TestHost["run"] {
  return async (command, input = "") => {
    const options = [
      "StrictHostKeyChecking=no",
      "UserKnownHostsFile=/dev/null",
      "LogLevel=ERROR",
      "ConnectTimeout=5",
      "BatchMode=yes",
    ];
    const result = await execa(
      "ssh",
      ["-i", key, ...options.flatMap((option) => ["-o", option]), `admin@${address}`, command],
      { input, reject: false },
    );
    return { stdout: result.stdout, stderr: result.stderr, exitCode: result.exitCode ?? 255 };
  };
}

export async function createDatabase(
  cloud: Cloud,
  network: Network,
  identifier: string,
  version: { EngineVersion: string; DBParameterGroupName?: string } = {
    EngineVersion: "17",
    DBParameterGroupName: "tls-only",
  },
): Promise<void> {
  await clients(cloud).rds.send(
    new CreateDBInstanceCommand({
      DBInstanceIdentifier: identifier,
      Engine: "postgres",
      ...version,
      DBInstanceClass: "db.t4g.small",
      AllocatedStorage: 20,
      MasterUsername: masterUser,
      MasterUserPassword: masterPassword,
      DBName: "library",
      DBSubnetGroupName: "databases",
      VpcSecurityGroupIds: [network.databaseGroupId],
    }),
  );
}

export async function statusOf(cloud: Cloud, identifier: string): Promise<{ status: string; endpoint: string }> {
  const view = (await clients(cloud).rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: identifier })))
    .DBInstances?.[0];
  return { status: view?.DBInstanceStatus ?? "", endpoint: view?.Endpoint?.Address ?? "" };
}

export function untilStatus(
  cloud: Cloud,
  identifier: string,
  wanted: string,
): Promise<{ status: string; endpoint: string }> {
  return until(`${identifier} being ${wanted}`, 60_000, async () => {
    const seen = await statusOf(cloud, identifier);
    if (seen.status === "failed") throw new Error("it failed; the daemon's log tells why");
    return seen.status === wanted && seen;
  });
}

/** psql on the host; the password goes by stdin. */
export function psql(
  host: TestHost,
  endpoint: string,
  statement: string,
  mode = "verify-full",
  password = masterPassword,
  database = "library",
) {
  const connection = `host=${endpoint} user=${masterUser} dbname=${database} sslmode=${mode} sslrootcert=/tmp/database-ca.pem connect_timeout=5`;
  return host.run(
    `read -r PGPASSWORD; export PGPASSWORD; psql -XAtq -v ON_ERROR_STOP=1 "${connection}" -c "${statement}"`,
    `${password}\n`,
  );
}
