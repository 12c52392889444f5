import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DescribeInstanceAttributeCommand } from "@aws-sdk/client-ec2";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openContext } from "../../infra/context/context";
import type { StepContext } from "../../infra/context/step";
import { HostRefused } from "../../infra/core/failure";
import { loopback } from "../../infra/core/loopback";
import { askHealthNow, readHealthCheck } from "../../infra/host/commands/health-check";
import { backendUnit, hostPaths, servingUnit, unitFile } from "../../infra/host/commands/paths";
import { writeFileScript } from "../../infra/host/commands/shell";
import { hostServices } from "../../infra/host/commands/system-files";
import { userData } from "../../infra/host/commands/user-data";
import { RemoteHost } from "../../infra/host/remote-host";
import { configure } from "../../infra/phases/configure/configure";
import { slotFiles } from "../../infra/phases/slots/slots";
import { type Cloud, startCloud, stopCloud } from "../cloud/cloud";
import { cloudNames } from "../cloud/names";
import { bootHost, clients, makeKey, makeNetwork, type TestHost, until } from "./cloud-fixture";
import { inputOn, keyOnConsole } from "./configured-host";

/** A host as user data and `configure` leave it, without an engine, a release and a database. */
const application = "prompt-library";
let directory: string;
let cloud: Cloud;
let host: TestHost;
let publicKey: string;
let context: StepContext;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "hardened-host-"));
  cloud = await startCloud({ home: join(directory, "cloud"), log: console.error });
  const key = await makeKey(directory);
  host = await bootHost(cloud, await makeNetwork(cloud), key, userData(application));
  publicKey = await keyOnConsole(cloud, host);
  context = openContext("configure", await inputOn(host, publicKey, key), new Date());
  await configure(context);
}, 600_000);

afterAll(async () => {
  try {
    await context?.host.close();
    await stopCloud({ home: join(directory, "cloud") });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}, 120_000);

const asRoot = (script: string) => context.host.run("looking at the host", script);

describe("the host's SSH key", () => {
  test("is the one that its console shows", async () => {
    const { stdout } = await execa("ssh-keyscan", ["-T", "5", host.address]);
    expect(stdout.trim().split("\n")).toEqual([`${host.address} ${publicKey}`]);
  });

  test("is the only one that we speak to, and ours the only one that it accepts; either is told as what it is", async () => {
    const others = await mkdtemp(join(directory, "others-"));
    const other = await makeKey(others);
    const { user } = context.host.address;
    const known = await readFile(`${other}.pub`, "utf8");
    const as = (hostKey: string, ownKey: string) =>
      new RemoteHost({ address: host.address, user, publicKey: hostKey }, ownKey).run("looking", "true");
    const changed = as(known, await readFile(join(directory, "key"), "utf8"));
    await expect(changed).rejects.toBeInstanceOf(HostRefused);
    await expect(changed).rejects.toThrow(
      /answered with another host key .*SHA256:\S+; .*SHA256:\S+\. Nothing was sent/,
    );
    const stranger = as(publicKey, await readFile(other, "utf8"));
    await expect(stranger).rejects.toBeInstanceOf(HostRefused);
    await expect(stranger).rejects.toThrow(`does not accept this stack's key for ${user}`);
  });

  test("is in nothing that Amazon shows of the instance", async () => {
    const { UserData } = await clients(cloud).ec2.send(
      new DescribeInstanceAttributeCommand({ InstanceId: host.instanceId, Attribute: "userData" }),
    );
    const described = Buffer.from(UserData?.Value ?? "", "base64").toString();
    for (const text of [described, await asRoot(askMetadata("user-data"))]) {
      expect(text).toContain("#cloud-config");
      expect(text).not.toMatch(/PRIVATE|ssh_keys/);
    }
  });
});

const askMetadata = (path: string) =>
  `token=$(curl -s -m 5 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token)
curl -s -m 5 -H "X-aws-ec2-metadata-token: $token" http://169.254.169.254/latest/${path}
`;

describe("the host's firewall", () => {
  test("lets root alone ask the metadata service, by either address", async () => {
    expect(await asRoot(askMetadata("meta-data/instance-id"))).toBe(host.instanceId);
    // The local cloud has no service at the other address: a listener of the host's own takes its place.
    const printed = await asRoot(`ip address add fd00:ec2::254/128 dev lo
systemd-run --quiet --collect --unit=metadata6 socat TCP6-LISTEN:80,bind='[fd00:ec2::254]',fork,reuseaddr SYSTEM:'echo reached'
trap 'systemctl stop metadata6; ip address del fd00:ec2::254/128 dev lo' EXIT
for _ in $(seq 50); do if ss -ltnH 'sport = :80' | grep -q fd00; then break; fi; sleep 0.1; done
ask() { setpriv --reuid="$1" --clear-groups --no-new-privs socat -u -T 3 "TCP:$2:80,connect-timeout=3" STDOUT < /dev/null 2>&1 || true; }
ask 0 '[fd00:ec2::254]'
for user in $(cut -d: -f1,3 /etc/passwd); do
  if [ "\${user#*:}" = 0 ]; then continue; fi
  for address in 169.254.169.254 '[fd00:ec2::254]'; do echo "\${user%:*} $(ask "\${user#*:}" "$address" | grep -o 'Connection refused\\|reached' || echo other)"; done
done`);
    const [root, ...others] = printed.split("\n");
    expect(root).toBe("reached");
    for (const user of ["redis", "nobody", "_apt", "messagebus", "www-data", "haproxy", "postgres", application])
      expect(others.filter((row) => row.startsWith(`${user} `))).toHaveLength(2);
    expect(others.filter((row) => !row.endsWith(" Connection refused"))).toEqual([]);
  });

  test("lets the application alone reach Redis", async () => {
    const printed = await asRoot(`for user in root ${application} nobody www-data haproxy; do
  for address in 127.0.0.1 ::1; do echo "$user $(setpriv --reuid="$user" --clear-groups redis-cli -h "$address" ping 2>&1 | tail -1)"; done
done`);
    expect(printed.split("\n").map((row) => row.replace(/ Could not .*/, " refused"))).toEqual(
      [
        ["root", "PONG"],
        [application, "PONG"],
        ["nobody", "refused"],
        ["www-data", "refused"],
        ["haproxy", "refused"],
      ].flatMap(([user, answer]) => [`${user} ${answer}`, `${user} ${answer}`]),
    );
  });

  test("opens no port that the security group does not, whoever listens", async () => {
    const ports = [22, 80, 443, 6379, 8001, 8101];
    await asRoot(
      `for port in 6379 8001 8101; do systemd-run --quiet --collect --unit="listener-$port" socat "TCP-LISTEN:$port,bind=${host.privateAddress},fork,reuseaddr" SYSTEM:'echo reached'; done`,
    );
    try {
      const open = [];
      for (const port of ports) {
        const tried = await execa(
          "nsenter",
          [
            `--net=/run/netns/${cloudNames(cloud.home).network}`,
            ...["timeout", "2", "bash", "-c", `: < /dev/tcp/${host.privateAddress}/${port}`],
          ],
          { reject: false },
        );
        if (tried.exitCode === 0) open.push(port);
      }
      expect(open).toEqual([22, 80, 443]);
    } finally {
      await asRoot("systemctl stop 'listener-*'");
    }
  });
});

describe("the host's sshd", () => {
  /** What a client that speaks nothing else is told. */
  const offering = async (...options: string[]) => {
    const words = options.flatMap((option) => ["-o", option]);
    const tried = await execa(
      "ssh",
      [...words, "-o", "BatchMode=yes", "-o", "ConnectTimeout=5", `admin@${host.address}`],
      {
        reject: false,
      },
    );
    return tried.stderr;
  };

  test.each([
    ["KexAlgorithms=ecdh-sha2-nistp256", "no matching key exchange method"],
    ["KexAlgorithms=diffie-hellman-group14-sha256", "no matching key exchange method"],
    ["HostKeyAlgorithms=ecdsa-sha2-nistp256", "no matching host key type"],
    ["Ciphers=chacha20-poly1305@openssh.com", "no matching cipher"],
    ["MACs=hmac-sha1", "no matching MAC"],
    ["MACs=umac-64-etm@openssh.com", "no matching MAC"],
  ])("speaks no %s", async (option, refusal) => {
    expect(await offering(option, "Ciphers=aes256-ctr")).toContain(refusal);
  });

  test("lets one user in, and carries the tunnel and nothing back", async () => {
    const said = await asRoot("sshd -T -C user=admin,host=h,addr=127.0.0.1 | sort");
    for (const line of [
      "allowusers admin",
      "allowtcpforwarding local",
      "permitrootlogin no",
      "passwordauthentication no",
    ])
      expect(said.split("\n")).toContain(line);
    const tunnel = await context.host.tunnel({ address: "127.0.0.1", port: 80 });
    try {
      expect((await fetch(`http://127.0.0.1:${tunnel.localPort}/`, { redirect: "manual" })).status).toBeLessThan(500);
    } finally {
      tunnel.close();
    }
  });
});

describe("the host's Debian", () => {
  test("has the kernel settings that its own network takes, and stays whole", async () => {
    expect(
      await asRoot(
        "cd /proc/sys/net/ipv4/conf/all; cat rp_filter accept_redirects send_redirects; systemctl list-units --failed --plain --no-legend",
      ),
    ).toBe("1\n0\n0");
  });

  test("upgrades itself when the window begins, and never while something is being deployed", async () => {
    const started = `systemctl start apt-daily-upgrade
systemctl show -p ExecMainStartTimestampMonotonic --value apt-daily-upgrade`;
    expect(await asRoot("systemctl show -p TimersCalendar --value apt-daily-upgrade.timer")).toContain(
      "OnCalendar=*-*-* 06:00:00 UTC",
    );
    await asRoot("systemd-run --quiet --collect --unit=deployment-step sleep 60");
    try {
      expect(await asRoot(started)).toBe("0");
    } finally {
      await asRoot("systemctl stop deployment-step");
    }
    expect(Number(await asRoot(started))).toBeGreaterThan(0);
  });
});

const slot = hostPaths(application).slot("blue");
const folder = `${slot}/app/interface/backend`;

/** Tells what a release may do there, one answer to each question. */
const program = `
const os = require("node:os"), fs = require("node:fs"), { execFileSync } = require("node:child_process");
const tried = (work) => { try { return work(); } catch (error) { return error.code ?? String(error); } };
const shell = (script) => execFileSync("/bin/sh", ["-c", "{ " + script + "; } 2>/dev/null || true"]).toString().trim().split("\\n").sort();
const hot = (n) => { let sum = 0; for (let i = 0; i < n; i++) sum += i % 7; return sum; };
require("node:http").createServer(async (_, response) => response.end(JSON.stringify({
  sum: hot(5e7),
  processors: os.cpus().length > 0 && os.totalmem() > 0,
  addresses: Object.keys(os.networkInterfaces()).includes("lo"),
  files: shell("ulimit -Sn; ulimit -Hn"),
  native: typeof require("./native.node"),
  scrypt: require("node:crypto").scryptSync("password", "salt", 8).length,
  wasm: await WebAssembly.instantiate(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])).then(() => "ran"),
  writable: shell("find / -path '/proc/*' -prune -o '(' -type d -o -type f ')' -writable -print"),
  others: tried(() => fs.readdirSync("/proc/1") && "seen"),
  key: tried(() => fs.readFileSync("/etc/${application}/tls.key") && "read"),
}))).listen(process.env.PORT);
`;

describe("under the hardened units", () => {
  test("a release runs, native modules and compiled code included, and writes where it may only", async () => {
    // Any that some development tool brings along.
    const { stdout: native } = await execa("find", ["node_modules", "-name", `*linux-${process.arch}-gnu.node`]);
    const [module = ""] = native.split("\n");
    await asRoot(`mkdir -p ${folder}/dist ${slot}/runtime/bin
cat > ${folder}/dist/index.js <<'CONTENT'
${program}
CONTENT
${writeFileScript(hostPaths(application).slotEnvironment("blue"), `PORT=8001\nLOGS_DIR=/var/log/${application}\n`, "0600")}${writeFileScript(unitFile(backendUnit(application, "blue")), slotFiles(context, "blue").unit)}systemctl daemon-reload
echo '{"healthPath":"/"}' > ${hostPaths(application).state}/blue.json`);
    await context.host.send(process.execPath, `${slot}/runtime/bin/node`);
    await context.host.send(module, `${folder}/dist/native.node`);
    const { current } = hostPaths(application);
    await asRoot(`chmod 0755 ${slot}/runtime/bin/node
mkdir ${slot}/frontend
touch ${slot}/frontend/index.html
ln -sfn serving/blue ${current}
systemctl reload haproxy
systemctl restart ${servingUnit(application)}`);
    const answer = await until("the release", 20_000, async () =>
      JSON.parse((await host.run("curl -s -m 5 http://127.0.0.1:8001/")).stdout || "null"),
    );
    expect(answer).toEqual({
      sum: 149999997,
      processors: true,
      addresses: true,
      files: [expect.stringMatching(/^\d{5}$/), expect.stringMatching(/^\d{5}$/)],
      native: "object",
      scrypt: 8,
      wasm: "ran",
      // Memory that ends with the machine, two directories that end with the service, and its log.
      writable: ["/dev/mqueue", "/dev/shm", "/tmp", `/var/log/${application}`, "/var/tmp"],
      others: "ENOENT",
      key: "EACCES",
    });
  });

  test("a link that is gone comes back as it was, and the release goes on serving", async () => {
    const { current } = hostPaths(application);
    await asRoot(`rm ${current}`);
    await configure({ ...context, boxes: [] });
    expect(await asRoot(`readlink ${current}`)).toBe("serving/blue");
    expect(await asRoot(`curl -s -k -m 10 -o /dev/null -w '%{http_code}' https://127.0.0.1/api/`)).toBe("200");
  });

  test("the host asks its own public health", async () => {
    expect(readHealthCheck(await asRoot(askHealthNow(application)))).toEqual({ found: "healthy just now" });
  });
});

describe("after an outage", () => {
  test("a backend that exited as long as its database was away serves again by itself", async () => {
    const unit = backendUnit(application, "blue");
    await asRoot(`cat > ${folder}/dist/index.js <<'CONTENT'
const database = require("node:net").connect(${loopback.database}, "127.0.0.1");
database.on("error", () => process.exit(1));
database.on("connect", () => require("node:http").createServer((_, response) => response.end("well")).listen(process.env.PORT));
CONTENT
systemctl stop pgbouncer
systemctl restart ${unit}`);
    await until("more restarts than systemd allows by itself", 60_000, async () => {
      const [restarts, state] = (
        await asRoot(`systemctl show -p NRestarts --value ${unit}; systemctl is-active ${unit} || true`)
      ).split("\n");
      expect(state).not.toBe("failed");
      return Number(restarts) > 6;
    });
    await asRoot("systemctl start pgbouncer");
    await until(
      "the backend",
      20_000,
      async () => (await host.run("curl -s -m 5 http://127.0.0.1:8001/")).stdout === "well",
    );
  });

  test("each service of the host that is killed runs again, however often", async () => {
    const killed = await asRoot(`for name in ${hostServices.join(" ")}; do (
  for _ in 1 2 3 4 5 6 7; do
    before=$(systemctl show -p MainPID --value $name)
    systemctl kill --signal=KILL --kill-whom=all $name
    for _ in $(seq 100); do
      if systemctl is-active --quiet $name && [ "$(systemctl show -p MainPID --value $name)" != "$before" ]; then continue 2; fi
      if systemctl is-failed --quiet $name; then break; fi
      sleep 0.1
    done
    echo "$name is $(systemctl is-active $name)"; exit
  done
  echo "$name runs"
) & done; wait`);
    expect(killed.split("\n").sort()).toEqual([...hostServices].sort().map((name) => `${name} runs`));
  });
});
