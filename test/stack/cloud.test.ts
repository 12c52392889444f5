import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  AttachVolumeCommand,
  CreateSnapshotCommand,
  CreateSubnetCommand,
  CreateVolumeCommand,
  CreateVpcCommand,
  DeleteSnapshotCommand,
  DeleteVolumeCommand,
  DescribeInstancesCommand,
  DescribeVpcsCommand,
  DetachVolumeCommand,
  RebootInstancesCommand,
  RevokeSecurityGroupIngressCommand,
  RunInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import {
  CreateDBSnapshotCommand,
  DeleteDBInstanceCommand,
  DeleteDBSnapshotCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  ModifyDBInstanceCommand,
  ModifyDBParameterGroupCommand,
  RebootDBInstanceCommand,
  RestoreDBInstanceFromDBSnapshotCommand,
  StartDBInstanceCommand,
  StopDBInstanceCommand,
} from "@aws-sdk/client-rds";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { whenReady } from "../../infra/database/backup/readiness";
import { awaitSnapshot, deleteSnapshot } from "../../infra/database/backup/snapshots";
import { hostPaths } from "../../infra/host/commands/paths";
import { prepareVolumeScript } from "../../infra/host/commands/shared-files";
import { userData } from "../../infra/host/commands/user-data";
import { type Cloud, cloudStatus, startCloud, stopCloud } from "../cloud/cloud";
import { cloudNames } from "../cloud/names";
import { marked } from "../cloud/processes";
import {
  bootHost,
  clients,
  createDatabase,
  giveAddress,
  makeKey,
  makeNetwork,
  masterPassword,
  type Network,
  open,
  overSsh,
  psql,
  runHost,
  statusOf,
  type TestHost,
  until,
  untilStatus,
} from "./cloud-fixture";

let directory: string;
let cloud: Cloud;
let network: Network;
let host: TestHost;
let endpoint: string;

const someUserData = `#cloud-config
package_update: true
packages: [curl, jq, nginx]
users:
  - default
  - name: library
    system: true
write_files:
  - path: /etc/told-by-user-data
    content: "told\\n"
runcmd:
  - install -d /srv/library
`;

async function leftovers(home: string): Promise<string[]> {
  const names = cloudNames(home);
  const namespaces = (await execa("ip", ["netns", "list"])).stdout
    .split("\n")
    .filter((line) => line.startsWith(names.network));
  const mounts = (await readFile("/proc/mounts", "utf8")).split("\n").filter((line) => line.includes(names.state));
  const processes = (await marked(names.id)).map(({ pid }) => `process ${pid}`);
  const groups = (await execa("find", ["/sys/fs/cgroup", "-maxdepth", "2", "-name", `${names.network}*`])).stdout
    .split("\n")
    .filter(Boolean);
  const loops = (await execa("losetup", ["--list", "--noheadings", "--output", "NAME,BACK-FILE"])).stdout
    .split("\n")
    .filter((line) => line.includes(names.state));
  const state = (await execa("find", [names.state], { reject: false })).stdout.split("\n").filter(Boolean);
  return [...namespaces, ...mounts, ...processes, ...groups, ...loops, ...state];
}

function reaches(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    socket.setTimeout(5_000, () => socket.destroy());
    socket.on("error", () => {});
    socket.on("close", () => resolve(socket.bytesRead > 0));
    socket.on("data", () => socket.destroy());
  });
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "local-cloud-"));
  cloud = await startCloud({ home: join(directory, "cloud"), log: console.error });
  network = await makeNetwork(cloud);
}, 600_000);

afterAll(async () => {
  try {
    await stopCloud({ home: join(directory, "cloud") });
    expect(await leftovers(join(directory, "cloud"))).toEqual([]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}, 120_000);

describe("the cloud itself", () => {
  test("started twice is the same one", async () => {
    const said: string[] = [];
    expect(await startCloud({ home: cloud.home, log: (line) => said.push(line) })).toEqual(cloud);
    expect(said.join()).toMatch(/already there/);
    expect((await cloudStatus({ home: cloud.home })).isRunning).toBe(true);
  });

  test("refuses a second VPC with the addresses of the first, which its hosts could not have", async () => {
    const { ec2 } = clients(cloud);
    const present = (await ec2.send(new DescribeVpcsCommand({}))).Vpcs?.find(({ IsDefault }) => IsDefault !== true);
    await expect(ec2.send(new CreateVpcCommand({ CidrBlock: present?.CidrBlock }))).rejects.toThrow(/cidrBlock/);
  });

  test("says of what it doesn't know that it may have been made in a cloud before", async () => {
    await expect(
      clients(cloud).ec2.send(new DescribeInstancesCommand({ InstanceIds: ["i-0123456789abcdef0"] })),
    ).rejects.toThrow(/started at .*rehearse -- --down/);
    await expect(statusOf(cloud, "unknown")).rejects.toThrow(/started at .*rehearse -- --down/);
  });
});

describe("hosts", () => {
  beforeAll(async () => {
    host = await bootHost(cloud, network, await makeKey(directory), someUserData);
    await until("ssh", 60_000, async () => (await host.run("true")).exitCode === 0);
  }, 120_000);

  test("RunInstances boots one; cloud-init ran the user data and ended without an error", async () => {
    const { stdout } = await host.run(
      "sudo cloud-init status --wait --long; systemctl is-system-running --wait; cat /etc/told-by-user-data; stat -c %F /srv/library; id -un library",
    );
    expect(stdout).toMatch(/^status: done$/m);
    expect(stdout).not.toMatch(/error/i);
    expect(stdout.split("\n").slice(-4)).toEqual(["running", "told", "directory", "library"]);
  }, 60_000);

  test("its metadata service wants a token and tells who it is", async () => {
    const { stdout } = await host.run(
      "curl -s -o /dev/null -w '%{http_code} ' http://169.254.169.254/latest/meta-data/instance-id; " +
        "T=$(curl -s -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token); " +
        'curl -s -H "X-aws-ec2-metadata-token: $T" http://169.254.169.254/latest/meta-data/instance-id',
    );
    expect(stdout).toBe(`401 ${host.instanceId}`);
  });

  test("it reaches the cloud's endpoint, and nothing outside", async () => {
    const { stdout } = await host.run(
      '. /etc/environment; curl -s -o /dev/null -w "%{http_code}" "$AWS_ENDPOINT_URL/_local-cloud"; curl -s -m 5 http://192.0.2.1/ || echo " unreachable"',
    );
    expect(stdout).toBe("200 unreachable");
  });

  test("the elastic IP listens on the ports that the security group opens, as long as it does", async () => {
    expect(await reaches(host.address, 22)).toBe(true);
    expect(
      await fetch(`http://${host.address}/`).then(
        () => true,
        () => false,
      ),
    ).toBe(false);
    await open(cloud, network.hostGroupId, 80);
    expect((await fetch(`http://${host.address}/`)).status).toBe(200);
    await clients(cloud).ec2.send(
      new RevokeSecurityGroupIngressCommand({
        GroupId: network.hostGroupId,
        IpPermissions: [{ IpProtocol: "tcp", FromPort: 80, ToPort: 80, IpRanges: [{ CidrIp: "127.0.0.0/8" }] }],
      }),
    );
    expect(
      await fetch(`http://${host.address}/`).then(
        () => true,
        () => false,
      ),
    ).toBe(false);
  });

  test("a rule for somebody else's range lets nobody here in", async () => {
    await open(cloud, network.hostGroupId, 80, "203.0.113.0/24");
    expect(
      await fetch(`http://${host.address}/`).then(
        () => true,
        () => false,
      ),
    ).toBe(false);
  });

  test("StopInstances, StartInstances and RebootInstances do so; its disk stays and user data doesn't run again", async () => {
    const { ec2 } = clients(cloud);
    const instances = { InstanceIds: [host.instanceId] };
    await host.run("sudo rm /etc/told-by-user-data; sudo touch /etc/kept");
    await ec2.send(new StopInstancesCommand(instances));
    expect((await host.run("true")).exitCode).not.toBe(0);
    await ec2.send(new StartInstancesCommand(instances));
    await until("ssh after a start", 60_000, async () => (await host.run("true")).exitCode === 0);
    const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand(instances));
    expect(Reservations[0]?.Instances?.[0]?.PublicIpAddress).toBe(host.address);
    const boot = (await host.run("cat /proc/sys/kernel/random/boot_id; ls /etc/kept; ls /etc/told-by-user-data"))
      .stdout;
    expect(boot).toMatch(/\/etc\/kept$/);
    const uptime = Number((await host.run("systemctl show -P UserspaceTimestampMonotonic")).stdout);
    await ec2.send(new RebootInstancesCommand(instances));
    await until("ssh after a reboot", 60_000, async () => (await host.run("true")).exitCode === 0);
    expect(Number((await host.run("systemctl show -P UserspaceTimestampMonotonic")).stdout)).toBeGreaterThan(uptime);
  }, 180_000);

  test("AttachVolume gives it a block device that outlives a reboot; CreateSnapshot holds a point in time; DetachVolume takes it", async () => {
    const { ec2 } = clients(cloud);
    const link = (id: string) => `/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${id.replace("-", "")}`;
    const attach = async (Device: string, SnapshotId?: string) => {
      const { VolumeId = "" } = await ec2.send(
        new CreateVolumeCommand({ AvailabilityZone: "us-east-1a", Size: 1, ...(SnapshotId ? { SnapshotId } : {}) }),
      );
      await ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId: host.instanceId, Device }));
      return VolumeId;
    };
    const first = await attach("/dev/sdf");
    const mounted = await host.run(
      `sudo sh -ec 'mkfs.ext4 -q ${link(first)}; mkdir -p /data; mount ${link(first)} /data; echo before > /data/file'`,
    );
    expect(mounted).toMatchObject({ exitCode: 0 });
    const { SnapshotId = "" } = await ec2.send(new CreateSnapshotCommand({ VolumeId: first }));
    await host.run("sudo sh -c 'echo after > /data/file'");
    await expect(ec2.send(new DetachVolumeCommand({ VolumeId: first, InstanceId: host.instanceId }))).rejects.toThrow(
      /mounted at \/data/,
    );
    const second = await attach("/dev/sdg", SnapshotId);
    await expect(attach("/dev/sdg")).rejects.toThrow(/already in use/);
    expect(
      (
        await host.run(
          `sudo sh -ec 'mkdir -p /copy; mount ${link(second)} /copy; cat /copy/file /data/file; umount /copy /data'`,
        )
      ).stdout,
    ).toBe("before\nafter");
    await ec2.send(new DetachVolumeCommand({ VolumeId: second, InstanceId: host.instanceId }));
    await ec2.send(new DeleteVolumeCommand({ VolumeId: second }));
    expect((await host.run(`ls ${link(second)}`)).exitCode).not.toBe(0);
    await ec2.send(new RebootInstancesCommand({ InstanceIds: [host.instanceId] }));
    await until("ssh after a reboot", 60_000, async () => (await host.run("true")).exitCode === 0);
    expect((await host.run(`sudo sh -ec 'mount ${link(first)} /data; cat /data/file; umount /data'`)).stdout).toBe(
      "after",
    );
    await ec2.send(new DetachVolumeCommand({ VolumeId: first, InstanceId: host.instanceId }));
    await ec2.send(new DeleteVolumeCommand({ VolumeId: first }));
    await ec2.send(new DeleteSnapshotCommand({ SnapshotId }));
  }, 120_000);

  // While it is mounted only some kernels of test machines let a file system grow; after a restart of the host any does.
  test("a data volume that has grown gives its file system the room when it is prepared", async () => {
    const { ec2 } = clients(cloud);
    const { VolumeId = "" } = await ec2.send(new CreateVolumeCommand({ AvailabilityZone: "us-east-1a", Size: 2 }));
    const device = `/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${VolumeId.replace("-", "")}`;
    const paths = hostPaths("library");
    const asRoot = async (script: string) => {
      const done = await host.run(`sudo bash -euo pipefail <<'SCRIPT'\n${script}\nSCRIPT`);
      expect(done.exitCode, `${done.stdout}\n${done.stderr}`).toBe(0);
      return done.stdout;
    };
    try {
      await ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId: host.instanceId, Device: "/dev/sdh" }));
      // As it was made when the volume had half its size.
      await asRoot(
        `mkfs.ext4 -q ${device} 1G; mkdir -p ${paths.shared}; mount ${device} ${paths.shared}; echo kept > ${paths.shared}/file; umount ${paths.shared}`,
      );
      await asRoot(prepareVolumeScript(paths, VolumeId));
      const seen = await asRoot(
        `mount ${device} ${paths.shared}; df -B1 --output=size ${paths.shared} | tail -1; cat ${paths.shared}/file`,
      );
      const [size, file] = seen.trim().split("\n");
      expect(Number(size)).toBeGreaterThan(1.8 * 2 ** 30);
      expect(file).toBe("kept");
    } finally {
      await host.run(`sudo umount ${paths.shared}`);
      await ec2.send(new DetachVolumeCommand({ VolumeId, InstanceId: host.instanceId }));
      await ec2.send(new DeleteVolumeCommand({ VolumeId }));
    }
  }, 60_000);

  test("one of a subnet that maps no address has no network until an elastic IP comes; the program's user data waits for it", async () => {
    const { ec2 } = clients(cloud);
    const { Subnet: subnet } = await ec2.send(
      new CreateSubnetCommand({ VpcId: network.vpcId, CidrBlock: "10.20.9.0/24", AvailabilityZone: "us-east-1a" }),
    );
    const key = join(directory, "key");
    const late = await runHost(cloud, { ...network, publicSubnetId: subnet?.SubnetId ?? "" }, key, userData("library"));
    try {
      const console = join(cloud.home, "logs", `${late.instanceId}.console.log`);
      await until("a try of apt's", 60_000, async () => /169\.254\.1\.1/.test(await readFile(console, "utf8")));
      const run = overSsh(key, await giveAddress(cloud, late.instanceId));
      await until("ssh", 60_000, async () => (await run("true")).exitCode === 0);
      const { stdout } = await run("sudo cloud-init status --wait --long; command -v socat; id -un library");
      expect(stdout).toMatch(/^status: done$/m);
      expect(stdout.split("\n").slice(-2)).toEqual(["/usr/bin/socat", "library"]);
    } finally {
      await ec2.send(new TerminateInstancesCommand({ InstanceIds: [late.instanceId] }));
    }
  }, 120_000);

  test("user data over 16 KB is refused", async () => {
    const UserData = Buffer.alloc(16_385, "#").toString("base64");
    await expect(
      clients(cloud).ec2.send(
        new RunInstancesCommand({ ImageId: "ami-0deb1200000000000", MinCount: 1, MaxCount: 1, UserData }),
      ),
    ).rejects.toThrow(/16384/);
  });
});

describe("databases", () => {
  beforeAll(async () => {
    await createDatabase(cloud, network, "main");
    expect((await statusOf(cloud, "main")).status).toBe("creating");
    ({ endpoint } = await untilStatus(cloud, "main", "available"));
    const authority = await readFile(join(cloud.home, "database-ca.pem"), "utf8");
    await host.run("cat > /tmp/database-ca.pem", authority);
  }, 120_000);

  test("CreateDBInstance: a verified connection from the host, a plain one refused", async () => {
    expect((await psql(host, endpoint, "SHOW server_version")).stdout).toMatch(/^17\./);
    const plain = await psql(host, endpoint, "SELECT 1", "disable");
    expect(plain.exitCode).not.toBe(0);
    expect(plain.stderr).toMatch(/no encryption/);
  });

  test("from this machine it can't be reached", async () => {
    const address = (await host.run(`getent hosts ${endpoint}`)).stdout.split(" ")[0] ?? "";
    expect(await reaches(address, 5432)).toBe(false);
  });

  test("the master user is no superuser and creates what RDS allows", async () => {
    expect(
      (
        await psql(
          host,
          endpoint,
          "SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user",
        )
      ).stdout,
    ).toBe("f|t|t");
    const allowed = await psql(
      host,
      endpoint,
      "CREATE EXTENSION pg_stat_statements; CREATE EXTENSION amcheck; CREATE EXTENSION pgcrypto; SELECT bt_index_check('pg_class_oid_index'::regclass); SELECT count(*) > 0 FROM pg_stat_statements",
    );
    expect(allowed).toMatchObject({ exitCode: 0, stderr: "" });
    const refused = await psql(host, endpoint, "CREATE EXTENSION file_fdw");
    expect(refused.stderr).toMatch(/permission denied/);
    expect((await psql(host, endpoint, "COPY (SELECT 1) TO PROGRAM 'true'")).exitCode).not.toBe(0);
  });

  test("the parameter group is applied: dynamic parameters at once, static ones by RebootDBInstance", async () => {
    const { rds } = clients(cloud);
    expect((await psql(host, endpoint, "SHOW log_lock_waits")).stdout).toBe("on");
    const set = (ParameterName: string, ParameterValue: string, ApplyMethod: "immediate" | "pending-reboot") =>
      rds.send(
        new ModifyDBParameterGroupCommand({
          DBParameterGroupName: "tls-only",
          Parameters: [{ ParameterName, ParameterValue, ApplyMethod }],
        }),
      );
    await expect(set("max_connections", "50", "immediate")).rejects.toThrow(/static/);
    await set("log_lock_waits", "0", "immediate");
    await set("max_connections", "50", "pending-reboot");
    await until(
      "the new value",
      10_000,
      async () => (await psql(host, endpoint, "SHOW log_lock_waits")).stdout === "off",
    );
    expect((await psql(host, endpoint, "SHOW max_connections")).stdout).toBe("100");
    await rds.send(new RebootDBInstanceCommand({ DBInstanceIdentifier: "main" }));
    await untilStatus(cloud, "main", "available");
    expect((await psql(host, endpoint, "SHOW max_connections")).stdout).toBe("50");
  });

  test("ModifyDBInstance changes the master's password", async () => {
    const { rds } = clients(cloud);
    const change = (MasterUserPassword: string) =>
      rds.send(
        new ModifyDBInstanceCommand({ DBInstanceIdentifier: "main", MasterUserPassword, ApplyImmediately: true }),
      );
    await expect(change("with space in")).rejects.toThrow(/printable/);
    await change("Another-one_2");
    expect((await psql(host, endpoint, "SELECT 1")).exitCode).not.toBe(0);
    expect((await psql(host, endpoint, "SELECT 1", "verify-full", "Another-one_2")).stdout).toBe("1");
    await change(masterPassword);
  });

  test("StopDBInstance and StartDBInstance do so", async () => {
    const { rds } = clients(cloud);
    await rds.send(new StopDBInstanceCommand({ DBInstanceIdentifier: "main" }));
    await untilStatus(cloud, "main", "stopped");
    expect((await psql(host, endpoint, "SELECT 1")).stderr).toMatch(/refused/);
    await rds.send(new StartDBInstanceCommand({ DBInstanceIdentifier: "main" }));
    await untilStatus(cloud, "main", "available");
    expect((await psql(host, endpoint, "SELECT 1")).stdout).toBe("1");
  });

  test("CreateDBSnapshot holds what was there; RestoreDBInstanceFromDBSnapshot brings it back beside", async () => {
    const { rds } = clients(cloud);
    await psql(host, endpoint, "CREATE TABLE kept AS SELECT 1 AS one");
    await rds.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: "main", DBSnapshotIdentifier: "before" }));
    await awaitSnapshot(rds, "before");
    await psql(host, endpoint, "DROP TABLE kept");
    await rds.send(
      new RestoreDBInstanceFromDBSnapshotCommand({
        DBInstanceIdentifier: "copy",
        DBSnapshotIdentifier: "before",
        DBSubnetGroupName: "databases",
        DBParameterGroupName: "tls-only",
        VpcSecurityGroupIds: [network.databaseGroupId],
      }),
    );
    const copy = await untilStatus(cloud, "copy", "available");
    expect(copy.endpoint).not.toBe(endpoint);
    expect((await psql(host, copy.endpoint, "SELECT one FROM kept")).stdout).toBe("1");
    expect((await psql(host, endpoint, "SELECT one FROM kept")).exitCode).not.toBe(0);
    await rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: "copy", SkipFinalSnapshot: true }));
    expect((await host.run(`getent hosts ${copy.endpoint}`)).exitCode).not.toBe(0);
    await rds.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: "before" }));
  }, 60_000);

  test.each([15, 16, 18])(
    "PostgreSQL %i is served as well: its extensions, its snapshots, its parameter groups alone",
    async (major) => {
      const { rds } = clients(cloud);
      const name = `version-${major}`;
      const other = { EngineVersion: String(major), DBParameterGroupName: "tls-only" };
      await expect(createDatabase(cloud, network, name, other)).rejects.toThrow(
        `with DBParameterGroupFamily postgres17 can't be used for this instance. Use a parameter group with DBParameterGroupFamily postgres${major}`,
      );
      await createDatabase(cloud, network, name, { EngineVersion: String(major) });
      try {
        const { endpoint } = await untilStatus(cloud, name, "available");
        const extensions = "CREATE EXTENSION pg_stat_statements; CREATE EXTENSION amcheck;";
        const uses =
          "SELECT bt_index_check('pg_class_oid_index'::regclass); SELECT pg_stat_statements_reset() IS NULL;";
        expect(await psql(host, endpoint, `${extensions} ${uses}`)).toMatchObject({ exitCode: 0, stderr: "" });
        await rds.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: name, DBSnapshotIdentifier: name }));
        await awaitSnapshot(rds, name);
        const { DBSnapshots: [snapshot] = [] } = await rds.send(
          new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: name }),
        );
        await rds.send(
          new RestoreDBInstanceFromDBSnapshotCommand({
            DBInstanceIdentifier: `${name}-copy`,
            DBSnapshotIdentifier: name,
            DBSubnetGroupName: "databases",
            VpcSecurityGroupIds: [network.databaseGroupId],
          }),
        );
        const copy = await untilStatus(cloud, `${name}-copy`, "available");
        const { DBInstances: [restored] = [] } = await rds.send(
          new DescribeDBInstancesCommand({ DBInstanceIdentifier: `${name}-copy` }),
        );
        const { stdout: running } = await psql(host, copy.endpoint, "SHOW server_version");
        expect([running, snapshot?.EngineVersion, restored?.EngineVersion]).toEqual(
          Array(3).fill(expect.stringMatching(new RegExp(`^${major}\\.`))),
        );
        await rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: `${name}-copy`, SkipFinalSnapshot: true }));
      } finally {
        await rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: name, SkipFinalSnapshot: true }));
      }
    },
    120_000,
  );

  test("a version that is not served is refused", async () => {
    await expect(createDatabase(cloud, network, "old", { EngineVersion: "14.9" })).rejects.toThrow(
      "Cannot find version 14.9 for postgres",
    );
  });

  test("while one snapshot is made the instance takes no other, which a deployment waits for; nor can it be used or deleted yet", async () => {
    const { rds } = clients(cloud);
    const snapshot = (DBSnapshotIdentifier: string) =>
      rds.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: "main", DBSnapshotIdentifier }));
    const made = await snapshot("first");
    expect([made.DBSnapshot?.Status, (await statusOf(cloud, "main")).status]).toEqual(["creating", "backing-up"]);
    const first = { DBSnapshotIdentifier: "first" };
    await expect(snapshot("second")).rejects.toMatchObject({ name: "InvalidDBInstanceStateFault" });
    await expect(rds.send(new DeleteDBSnapshotCommand(first))).rejects.toMatchObject({
      name: "InvalidDBSnapshotStateFault",
    });
    await expect(
      rds.send(new RestoreDBInstanceFromDBSnapshotCommand({ ...first, DBInstanceIdentifier: "copy" })),
    ).rejects.toMatchObject({ name: "InvalidDBSnapshotStateFault" });
    const said: string[] = [];
    await whenReady(
      rds,
      "main",
      () => snapshot("second"),
      (line) => said.push(line),
    );
    expect(said).toEqual(["waiting for RDS: main is backing-up"]);
    for (const id of ["first", "second"]) {
      await awaitSnapshot(rds, id);
      await deleteSnapshot(rds, id);
    }
  }, 60_000);

  test("a snapshot of an instance that does not come back by itself is refused at once", async () => {
    const { rds } = clients(cloud);
    await untilStatus(cloud, "main", "available");
    await rds.send(new StopDBInstanceCommand({ DBInstanceIdentifier: "main" }));
    await expect(
      whenReady(
        rds,
        "main",
        () => Promise.reject(new Error("asked of a stopped instance")),
        () => {},
      ),
    ).rejects.toThrow(/^RDS takes no snapshot of main: it is stop/);
    await untilStatus(cloud, "main", "stopped");
    await rds.send(new StartDBInstanceCommand({ DBInstanceIdentifier: "main" }));
    await untilStatus(cloud, "main", "available");
  });

  test("what Amazon refuses is refused", async () => {
    const { rds } = clients(cloud);
    await rds.send(
      new ModifyDBInstanceCommand({ DBInstanceIdentifier: "main", DeletionProtection: true, ApplyImmediately: true }),
    );
    await expect(
      rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: "main", SkipFinalSnapshot: true })),
    ).rejects.toThrow(/protect/i);
    await rds.send(
      new ModifyDBInstanceCommand({ DBInstanceIdentifier: "main", DeletionProtection: false, ApplyImmediately: true }),
    );
    await expect(rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: "main" }))).rejects.toThrow(
      /FinalDBSnapshotIdentifier/,
    );
    await expect(createDatabase(cloud, network, "double--hyphen")).rejects.toThrow(/identifier/);
    const change = (changes: { EngineVersion?: string; AllocatedStorage?: number }) =>
      rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: "main", ApplyImmediately: true, ...changes }));
    await expect(change({ EngineVersion: "18" })).rejects.toThrow(/AllowMajorVersionUpgrade flag must be present/);
    await expect(change({ EngineVersion: "17.1" })).rejects.toThrow(/Cannot upgrade postgres from 17\.\d+ to 17\.1/);
    await change({ EngineVersion: "17.90", AllocatedStorage: 25 });
    await expect(change({ AllocatedStorage: 20 })).rejects.toThrow(/Invalid storage size/);
  });

  test("DeleteDBInstance makes the final snapshot that is asked for", async () => {
    const { rds } = clients(cloud);
    await rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: "main", FinalDBSnapshotIdentifier: "last" }));
    await expect(statusOf(cloud, "main")).rejects.toThrow(/not found/i);
    expect(
      (await rds.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: "last" }))).DBSnapshots?.[0]?.Status,
    ).toBe("available");
  });
});

describe("the end", () => {
  test("TerminateInstances leaves nothing of the host", async () => {
    await clients(cloud).ec2.send(new TerminateInstancesCommand({ InstanceIds: [host.instanceId] }));
    const namespaces = (await execa("ip", ["netns", "list"])).stdout;
    expect(namespaces).not.toContain(host.instanceId.slice(-8));
    expect(await reaches(host.address, 22)).toBe(false);
  }, 60_000);

  test("killed, it leaves what the next start clears, and says so; killed and stopped, nothing", async () => {
    const home = join(directory, "killed");
    try {
      const first = await startCloud({ home });
      const net = await makeNetwork(first);
      const booted = await bootHost(first, net, join(directory, "key"), someUserData);
      await createDatabase(first, net, "main");
      const { ec2 } = clients(first);
      const { VolumeId = "" } = await ec2.send(new CreateVolumeCommand({ AvailabilityZone: "us-east-1a", Size: 1 }));
      await ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId: booted.instanceId, Device: "/dev/sdf" }));
      await untilStatus(first, "main", "available");
      const kill = async () => {
        for (const { pid } of await marked(cloudNames(home).id)) {
          const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
          if (/daemon\.ts|door\.ts/.test(command)) process.kill(pid, "SIGKILL");
        }
        await until("the endpoint's end", 20_000, async () => !(await cloudStatus({ home })).isRunning);
      };
      await kill();
      expect(await leftovers(home)).not.toEqual([]);
      const said: string[] = [];
      const second = await startCloud({ home, log: (line) => said.push(line) });
      expect(said.join()).toMatch(/killed; clearing/);
      expect(second.endpoint).toBe(first.endpoint);
      await bootHost(second, await makeNetwork(second), join(directory, "key"), someUserData);
      await kill();
      await stopCloud({ home });
      expect(await leftovers(home)).toEqual([]);
      expect(await reaches("127.0.0.1", Number(new URL(first.endpoint).port))).toBe(false);
    } finally {
      await stopCloud({ home });
    }
  }, 180_000);
});
