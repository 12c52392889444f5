import { describe, expect, test } from "vitest";
import { pairProblem } from "../../infra/core/compatibility";
import {
  armScript,
  confirmScript,
  exchangeScript,
  pageScript,
  proofScript,
  turnBackScript,
  turnScript,
} from "../../infra/host/commands/activate-script";
import {
  backendProblem,
  backendStateScript,
  readBackendState,
  silenceReason,
} from "../../infra/host/commands/backend-state";
import { configureScript } from "../../infra/host/commands/configure-script";
import { environmentFile, fillVariables } from "../../infra/host/commands/environment";
import { haproxyConfig, readSessions, servingConfig } from "../../infra/host/commands/haproxy";
import {
  askHealthNow,
  healthCheckService,
  healthCheckTimer,
  readHealthCheck,
} from "../../infra/host/commands/health-check";
import { firewallRules } from "../../infra/host/commands/nftables";
import { nginxConfig } from "../../infra/host/commands/nginx";
import { hostPaths } from "../../infra/host/commands/paths";
import { pgbouncerConfig, pgbouncerUsers } from "../../infra/host/commands/pgbouncer";
import { servingScript, servingUnitText } from "../../infra/host/commands/serving";
import {
  forgetVolumeScript,
  linkSharedScript,
  mountUnit,
  mountUnitName,
  prepareVolumeScript,
} from "../../infra/host/commands/shared-files";
import { quote } from "../../infra/host/commands/shell";
import { sshArguments } from "../../infra/host/commands/ssh";
import { bringScript, fillScript, releaseDirectory, startAndWait } from "../../infra/host/commands/stage-script";
import { backendUnitText } from "../../infra/host/commands/systemd";
import { toldReleaseProblem } from "../../infra/host/commands/told-release";
import { beginScript, followScript, readFollowed, settledScript } from "../../infra/host/commands/transient-unit";
import { userData } from "../../infra/host/commands/user-data";
import { frontendSettings } from "../../infra/settings/application";
import { insideWindow } from "../../infra/settings/maintenance-window";
import { layOutSubnets } from "../../infra/stack/subnets";

const application = "prompt-library";
const ports = { blue: 8001, green: 8002 };
const paths = hostPaths(application);

const startable = {
  application,
  paths,
  to: "green",
  from: "blue",
  backends: {
    blue: { port: 8001, healthPath: "/api/system/health", startTimeoutSeconds: 30 },
    green: { port: 8002, healthPath: "/api/system/health", startTimeoutSeconds: 30 },
  },
} as const;

/** Text for other programs, whole. A change of the user data stops the hosts that run with the old one. */
const texts: Record<string, string> = {
  "user-data.yaml": userData(application),
  "backend@blue.service": backendUnitText({
    application,
    directory: "interface/backend",
    command: "node dist/index.js",
    memoryLimitMiB: 512,
    stopTimeoutSeconds: 30,
  }),
  "backend-with-files@blue.service": backendUnitText({
    application,
    directory: "interface/backend",
    command: "node dist/index.js",
    memoryLimitMiB: 512,
    stopTimeoutSeconds: 30,
    hasSharedFiles: true,
  }),
  "data-volume.mount": mountUnit(application, paths, "vol-0123456789abcdef0"),
  "prepare-volume.sh": prepareVolumeScript(paths, "vol-0123456789abcdef0"),
  "forget-volume.sh": forgetVolumeScript(paths),
  "link-shared.sh": linkSharedScript({
    application,
    paths,
    releaseDirectory: releaseDirectory(paths, "f".repeat(64)),
    directories: ["interface/backend/data"],
  }),
  "nginx.conf": nginxConfig({
    application,
    publicName: "prompts.example",
    backendPrefixes: ["/api/", "/socket.io/", "/graphql"],
    frontend: frontendSettings.parse({}),
    frameAncestors: ["'self'", "https://portal.example"],
    maxBodyMiB: 25,
    ports,
  }),
  "haproxy.cfg": haproxyConfig(application),
  "haproxy-serving.cfg": servingConfig(ports, "green"),
  "serving.sh": servingScript(paths),
  "serving.service": servingUnitText(application),
  "health-check.service": healthCheckService({
    application,
    publicName: "prompts.example",
  }),
  "health-check.sh": askHealthNow(application),
  "health-check.timer": healthCheckTimer({ application, everyMinutes: 2 }),
  "pgbouncer.ini": pgbouncerConfig({ application, database: "prompt_library", address: "db.example", port: 5432 }),
  "nftables.conf": firewallRules(application),
  "stage-bring.sh": bringScript({
    paths,
    region: "eu-central-1",
    bucket: "artifacts",
    artifact: { digest: "f".repeat(64), bytes: 60_000_000, unpackedBytes: 200_000_000 },
    release: "v1.2.0",
  }),
  "stage-fill.sh": fillScript({
    application,
    paths,
    slot: "green",
    digest: "f".repeat(64),
    environment: 'PORT="8002"\n',
    unit: "[Service]\n",
    record: { path: `${paths.state}/green.json`, content: "{}" },
  }),
  "stage-start.sh": startAndWait({ application, slot: "green", ...startable.backends.green }),
  "activate-turn.sh": turnScript({ application, paths, to: "green", from: "blue" }),
  "activate-exchange.sh": exchangeScript({
    ...startable,
    ahead: pageScript(8102),
    proof: proofScript({
      previewPort: 8102,
      healthPath: "/api/system/health",
      releaseField: "version",
      release: "v1.2.0",
    }),
  }),
  "activate-arm.sh": armScript({ ...startable, turnBack: "true\n", afterSeconds: 125 }),
  "activate-turn-back.sh": turnBackScript({ ...startable, overlap: true }),
  "activate-confirm.sh": confirmScript(startable),
  "transient-begin.sh": beginScript({
    id: "0123456789abcdef",
    what: "unpacking v1.2.0",
    script: "true\n",
    limitSeconds: 300,
  }),
  "transient-follow.sh": followScript("0123456789abcdef", 20),
  "transient-settled.sh": settledScript(20),
  "backend-state.sh": backendStateScript(application, "green"),
  "configure.sh": configureScript({
    files: [
      { path: "/etc/a file", content: "text\n", mode: "0640", owner: "root:postgres", services: ["nginx", "haproxy"] },
    ],
    tests: ["nginx -t -q"],
    loads: { nginx: "systemctl reload-or-restart nginx" },
  }),
};

test.each(Object.keys(texts))("%s", async (name) => {
  await expect(texts[name]).toMatchFileSnapshot(`../golden/commands/${name}`);
});

describe("what the health check's first question shows", () => {
  test.each([
    ["active enabled yes 0", { found: "healthy just now" }],
    ["active enabled yes 22", { found: "not healthy just now (curl ended with 22)" }],
    ["active enabled no 0", { found: "nothing to ask yet" }],
    ["active enabled yes 77", { problem: "it can't ask: curl ended with 77" }],
    ["active enabled yes 60", { problem: "it can't ask: curl ended with 60" }],
    ["inactive enabled yes 0", { problem: "the timer is inactive and enabled" }],
    ["", { problem: "the timer is unknown and unknown" }],
  ])("%j", (printed, seen) => {
    expect(readHealthCheck(printed)).toEqual(seen);
  });
});

describe("what is seen of a script on the host", () => {
  test.each([
    ["running", { state: "running" }],
    ["gone", { state: "gone" }],
    ["ended 4\nYQ==\nYgo=\n", { state: "ended", status: 4, stdout: "a", stderr: "b\n" }],
    ["ended 0\n\n\n", { state: "ended", status: 0, stdout: "", stderr: "" }],
  ])("%j", (printed, seen) => {
    expect(readFollowed(printed)).toEqual(seen);
  });
  test("anything else is an error", () => {
    expect(() => readFollowed("Connection refused")).toThrow("Connection refused");
  });
});

test("a mount unit is named as systemd wants it", () => {
  expect(mountUnitName("/srv/prompt-library/shared")).toBe("srv-prompt\\x2dlibrary-shared.mount");
});

test("user data stays under Amazon's 16 KiB", () => {
  expect(Buffer.byteLength(userData(application))).toBeLessThan(16 * 1024);
});

describe("quoting", () => {
  test.each([
    ["plain-word.1", "plain-word.1"],
    ["two words", "'two words'"],
    ["it's", `'it'\\''s'`],
    ["$HOME;`id`", "'$HOME;`id`'"],
    ["", "''"],
  ])("%s", (word, quoted) => {
    expect(quote(word)).toBe(quoted);
  });
});

describe("an environment file", () => {
  test("keeps spaces, quotes, dollars and backslashes as they are", () => {
    expect(environmentFile({ B: 'a "b" $c \\d `e`', A: "1" })).toBe('A="1"\nB="a \\"b\\" \\$c \\\\d \\`e\\`"\n');
  });
  test("a reference to what does not exist is named with its variable", () => {
    expect(() => fillVariables({ URL: "${nowhere}" }, { port: "1" })).toThrow(
      "app.backend.variables.URL refers to ${nowhere}",
    );
    expect(fillVariables({ URL: "http://x:${port}" }, { port: "1" })).toEqual({ URL: "http://x:1" });
  });
});

test("the pool's users keep a quote in a password", () => {
  expect(pgbouncerUsers({ app: 'a"b' })).toBe('"app" "a""b"\n');
});

test("ssh accepts one key of one host and asks nothing", () => {
  const host = { address: "127.0.0.9", user: "admin", publicKey: "ssh-ed25519 AAAA" };
  const words = sshArguments(host, { privateKey: "/k", knownHosts: "/h" });
  for (const option of ["StrictHostKeyChecking=yes", "BatchMode=yes", "IdentitiesOnly=yes", "UserKnownHostsFile=/h"])
    expect(words).toContain(option);
  expect(words.at(-1)).toBe("admin@127.0.0.9");
});

describe("HAProxy's statistics", () => {
  const csv = "# pxname,svname,scur,status\nslots,blue,3,DRAIN\nslots,green,0,UP\n";
  test("sessions and status of each slot", () => {
    expect(readSessions(csv)).toEqual({ blue: { sessions: 3, status: "DRAIN" }, green: { sessions: 0, status: "UP" } });
  });
  test("a slot that is not there is an error", () => {
    expect(() => readSessions("# pxname,svname,scur,status\n")).toThrow("does not know the slot blue");
  });
});

describe("a backend's state", () => {
  const good = { active: "active", restarts: 2, memoryMiB: 90, ports: [8002] };
  test.each([
    ["active 2 92160 8002", good],
    ["failed 0 0", { active: "failed", restarts: 0, memoryMiB: 0, ports: [] }],
    ["active 0 1024 8002,9229", { active: "active", restarts: 0, memoryMiB: 1, ports: [8002, 9229] }],
  ])("%s", (line, state) => {
    expect(readBackendState(line)).toEqual(state);
  });
  test("anything else is no state", () => {
    expect(() => readBackendState("Failed to connect to bus")).toThrow("could not be read: Failed to connect to bus");
  });
  const limits = { restartsBefore: 2, memoryLimitMiB: 100 };
  test.each([
    [good, undefined],
    [{ ...good, restarts: 3 }, "systemd started it again"],
    [{ ...good, active: "failed" }, "systemd calls it failed"],
    [{ ...good, memoryMiB: 101 }, "uses 101 MiB, more than app.backend.memoryLimitMiB (100)"],
  ])("its problem: %o", (state, problem) => {
    if (problem === undefined) expect(backendProblem(state, limits)).toBeUndefined();
    else expect(backendProblem(state, limits)).toContain(problem);
  });
  test.each([
    [good, undefined],
    [{ ...good, ports: [9000] }, "nobody listens on port 8002, but the backend listens on 9000"],
    [{ ...good, ports: [] }, "listens on no port"],
    [{ ...good, active: "failed", ports: [] }, undefined],
  ])("why it is silent: %o", (state, reason) => {
    if (reason === undefined) expect(silenceReason(state, 8002)).toBeUndefined();
    else expect(silenceReason(state, 8002)).toContain(reason);
  });
});

test.each([
  ['{"version":"v1.2.0"}', "version", undefined],
  ['{"data":{"release":"v1.2.0"}}', "data.release", undefined],
  ["anything", "", undefined],
  ['{"version":"v1.1.0"}', "version", "the health endpoint reports v1.1.0; expected v1.2.0"],
  [
    '{"status":"ok"}',
    "version",
    "health tells no release in version. Remedy: pulumi config set --path app.healthReleaseField",
  ],
  ["<html>", "version", "health tells no release"],
])("the release told by %s in %s", (body, field, problem) => {
  if (problem === undefined) expect(toldReleaseProblem(body, field, "v1.2.0")).toBeUndefined();
  else expect(toldReleaseProblem(body, field, "v1.2.0")).toContain(problem);
});

test.each([
  ["10.20.0.0/16", { public: "10.20.0.0/24", database: ["10.20.2.0/24", "10.20.3.0/24"] }],
  ["172.16.0.0/16", { public: "172.16.0.0/24", database: ["172.16.2.0/24", "172.16.3.0/24"] }],
])("subnets of %s", (range, subnets) => {
  expect(layOutSubnets(range)).toEqual(subnets);
});

describe("the pair of release and schema", () => {
  const compatibility = { "v1.1*": [1, 2], "v1.2*": [2], "v1.2.0-special": [1] };
  test.each([
    ["v1.1.0", 1, undefined],
    ["v1.1.9", 2, undefined],
    ["v1.2.0", 1, /must be one that v1.2.0 supports: 2 \(it is 1\)/],
    ["v1.2.0-special", 1, undefined],
    ["v2.0.0", 2, /does not list release v2.0.0/],
  ])("%s at %d", (release, version, problem) => {
    const said = pairProblem(release, version, compatibility);
    if (problem === undefined) expect(said).toBeUndefined();
    else expect(said).toMatch(problem);
  });
});

describe("the maintenance window", () => {
  const night = { days: ["Tue" as const], fromUtc: "22:00", toUtc: "02:00" };
  test.each([
    ["2026-11-24T23:00:00Z", true],
    ["2026-11-25T01:59:00Z", true],
    ["2026-11-25T02:00:00Z", false],
    ["2026-11-24T01:00:00Z", false],
    ["2026-11-24T12:00:00Z", false],
  ])("%s: %s", (time, isOpen) => {
    if (isOpen) expect(insideWindow(night, new Date(time))).toContain("is inside");
    else expect(() => insideWindow(night, new Date(time))).toThrow("outside the maintenance window");
  });
  test("an override says who and why", () => {
    const said = insideWindow(
      { ...night, override: { by: "Ada", reason: "a security fix", until: "2099-01-01T00:00:00Z" } },
      new Date("2026-11-24T12:00:00Z"),
    );
    expect(said).toContain("Ada overrides it until 2099-01-01T00:00:00Z: a security fix");
  });
  test("one that has ended does not count, and the refusal says so", () => {
    const override = { by: "Ada", reason: "a security fix", until: "2026-11-24T11:59:00Z" };
    expect(() => insideWindow({ ...night, override }, new Date("2026-11-24T12:00:00Z"))).toThrow(
      expect.objectContaining({
        code: "outside-window",
        message: expect.stringContaining("the override by Ada ended at 2026-11-24T11:59:00Z"),
      }),
    );
  });
});
