import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { makeCertificate } from "../../infra/cli/make-secrets";
import { inputOf, outputOf, pendingOf, type StackState } from "../../infra/cli/stack-state";
import { withConfigFile } from "../../infra/diagnosis/config-file";
import { instanceFindings, loginFinding } from "../../infra/diagnosis/database";
import { findingsOf } from "../../infra/diagnosis/deployment-lock";
import type { Section } from "../../infra/diagnosis/finding";
import { diagnoseHost, type HostSituation, readHostTraces } from "../../infra/diagnosis/host";
import { migrationFindings } from "../../infra/diagnosis/migrations";
import { certificateFindings } from "../../infra/diagnosis/public-site";
import { diagnoseStack } from "../../infra/diagnosis/stack-traces";
import { renderDiagnosis } from "../../infra/diagnosis/text";
import { rehearsalSettings } from "./rehearsal-settings";

const commandsOf = ({ findings }: Pick<Section, "findings">) => findings.map(({ command }) => command);

describe("what the state tells", () => {
  const secret = (value: unknown) => ({
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    plaintext: JSON.stringify(value),
  });
  const input = (release: string) => ({
    stack: "staging",
    release: { name: release, commit: "0".repeat(40) },
    migrations: "",
    host: { id: "i-1", address: "192.0.2.1", publicKey: "ssh-ed25519 A" },
    database: { identifier: "d", lineage: "l", address: "d.example", port: 5432, name: "d", certificateAuthority: "" },
    publicAuthority: null,
    dataVolume: null,
    bucket: "b",
    monitoring: { dashboard: "d", alarms: [] },
    topicArn: "t",
    settings: rehearsalSettings(),
  });
  const command = (name: string, modified: string, release: string) => ({
    urn: `urn:pulumi:staging::prompt-library::prompt-library:infra:Rollout$command:local:Command::${name}`,
    type: "command:local:Command",
    modified,
    inputs: { stdin: secret(JSON.stringify({ input: input(release), follows: "" })) },
  });
  const root = {
    urn: "urn:root",
    type: "pulumi:pulumi:Stack",
    outputs: { reportKey: "a key", deployment: secret(input("v1.0")) },
  };
  const state = (resources: StackState["resources"]): StackState => ({ resources, pending_operations: [] });

  it("gives the input of whichever phase was made last, also when the deployment failed after it", () => {
    const resources = [
      root,
      command("evidence", "2026-11-24T10:00:00Z", "v1.1"),
      command("preflight", "2026-11-24T11:00:00Z", "v1.2"),
    ];
    expect(inputOf(state(resources))?.release.name).toBe("v1.2");
  });
  it("refuses what another version of this program made, and says what to do and no value", () => {
    const secrets = { ...input("v1.0"), settings: { secrets: { masterPassword: "canary" } } };
    const old = { ...root, outputs: { deployment: secret(secrets) } };
    expect(() => inputOf(state([old]))).toThrow(
      expect.objectContaining({ code: "made-by-another-version", message: expect.not.stringContaining("canary") }),
    );
  });
  it("falls back on what a good deployment left, and says of a stack without one that it has none", () => {
    expect(inputOf(state([root]))?.release.name).toBe("v1.0");
    expect(inputOf(state([]))).toBeUndefined();
    expect(outputOf(state([root]), "reportKey")).toBe("a key");
    expect(outputOf(state([root]), "absent")).toBeUndefined();
  });
  it("names what a killed program was at", () => {
    expect(
      pendingOf({ resources: [], pending_operations: [{ type: "creating", resource: { urn: "urn:x" } }] }),
    ).toEqual([{ operation: "creating", urn: "urn:x" }]);
  });
});

describe("what a killed run leaves in the state", () => {
  const phase = { operation: "creating", urn: "urn:pulumi:s::p::x$command:local:Command::p-s-stage" };
  const instance = { operation: "creating", urn: "urn:pulumi:s::p::x$aws:rds/instance:Instance::p-s-instance" };
  const lock = { user: "root", machine: "ci", pid: 7, since: "2026-11-24T10:00:00Z" };

  it.each<[string, Parameters<typeof diagnoseStack>[0], string[]]>([
    ["nothing", { stack: "s", pending: [], locks: [] }, []],
    ["nothing that it can see", { stack: "s", pending: [], locks: undefined }, []],
    [
      "the lock of a program that is gone",
      { stack: "s", pending: [], locks: [{ ...lock, isAlive: false }] },
      ["pulumi cancel --yes --stack s"],
    ],
    [
      "the lock of another machine",
      { stack: "s", pending: [], locks: [{ ...lock, isAlive: undefined }] },
      ["pulumi cancel --yes --stack s"],
    ],
    [
      "a phase half done",
      { stack: "s", pending: [phase], locks: [] },
      ["pulumi up --stack s\npulumi refresh --clear-pending-creates --target '**command:local:Command::*' --stack s"],
    ],
    [
      "a phase half replaced",
      { stack: "s", pending: [{ ...phase, operation: "updating" }], locks: [] },
      ["pulumi up --stack s"],
    ],
    [
      "another resource half made",
      { stack: "s", pending: [phase, instance], locks: [] },
      ["pulumi refresh --run-program --skip-preview --stack s\npulumi up --stack s"],
    ],
    [
      "a run that still goes on",
      { stack: "s", pending: [phase], locks: [{ ...lock, isAlive: true }] },
      ["ps -p 7 -o pid,etime,args"],
    ],
  ])("%s", (_, traces, commands) => expect(commandsOf(diagnoseStack(traces))).toEqual(commands));
});

describe("what the deployment lock tells", () => {
  const lease = {
    who: "ada@desk",
    deployment: "1",
    since: "2026-11-24T10:00:00Z",
    phase: "stage",
    beat: 7,
    isFree: false,
  };
  it.each<[string, Parameters<typeof findingsOf>[1], boolean, string[]]>([
    ["that none was ever taken", undefined, false, []],
    ["that it is free", { lease: { ...lease, isFree: true }, ageSeconds: 5 }, false, []],
    ["a deployment that lives", { lease, ageSeconds: 14 }, false, ["npm run lock -- s"]],
    ["one that was killed", { lease, ageSeconds: 61 }, true, ["npm run lock -- s --break\npulumi up --stack s"]],
  ])("%s", (_, found, isLapsed, commands) => {
    const findings = findingsOf("s", found, isLapsed);
    expect(commandsOf({ findings })).toEqual(commands);
    for (const { what } of findings) expect(what).toContain("ada@desk, since 2026-11-24T10:00:00Z, in phase stage");
  });
});

describe("what a migration leaves", () => {
  const pending = {
    id: "1",
    version: 2,
    name: "0002_dynamic_providers",
    direction: "up",
    status: "failed",
    chain: "c",
    isAdopted: false,
  } as const;

  it.each<[string, Parameters<typeof migrationFindings>[1], string[]]>([
    ["nothing", { schema: { version: 2 }, lockHolder: undefined, invalidIndexes: [] }, []],
    [
      "a version half done, and its indexes with it",
      { schema: { version: 1, pending }, lockHolder: undefined, invalidIndexes: ["idx_a"] },
      ["pulumi up --stack s"],
    ],
    [
      "invalid indexes alone",
      { schema: { version: 2 }, lockHolder: undefined, invalidIndexes: ["idx_a", "idx_b"] },
      Array(2).fill("npm run diagnose -- s --rebuild-indexes"),
    ],
    [
      "one that still goes on",
      { schema: { version: 1, pending }, lockHolder: "session 7", invalidIndexes: ["idx_a"] },
      ["npm run diagnose -- s"],
    ],
  ])("%s", (_, traces, commands) => expect(commandsOf({ findings: migrationFindings("s", traces) })).toEqual(commands));
});

describe("what the host tells", () => {
  const well = `slot blue active
slot green inactive
service nginx active
service haproxy active
proxy blue no check
proxy green DRAIN
link current serving/blue
release blue there
release green there
step inactive deployment-step.service
disk / 26
`;
  const situation: HostSituation = {
    stack: "s",
    application: "app",
    attempt: 3,
    serving: "blue",
    staged: "blue",
    contents: { blue: { release: "v1.1", digest: "b1" }, green: { release: "v1.0", digest: "a0" } },
    paths: { releases: "/srv/app/releases", current: "/srv/app/current" },
  };
  const onHost = (command: string) => `npm run ssh -- s sudo ${command}`;

  it.each<[string, string, Partial<HostSituation>, string[]]>([
    ["all is well", well, {}, []],
    [
      "a release staged and never activated",
      well.replace("green inactive", "green active"),
      { staged: "green" },
      ["pulumi up --stack s"],
    ],
    [
      "an old release that never stopped",
      well.replace("green inactive", "green active"),
      {},
      [onHost("systemctl disable --now app-backend@green.service")],
    ],
    [
      "a serving backend that is down",
      well.replace("blue active", "blue failed"),
      {},
      [onHost("systemctl restart app-backend@blue.service")],
    ],
    [
      "traffic half turned",
      well.replace("blue no check", "blue MAINT"),
      {},
      ["pulumi config set attempt 4 --stack s\npulumi up --stack s"],
    ],
    ["a service that is down", well.replace("nginx active", "nginx failed"), {}, [onHost("systemctl restart nginx")]],
    ["half a release", `${well}half 0123.new 40960\n`, {}, [onHost("rm -rf /srv/app/releases/0123.new")]],
    [
      "a failed unit",
      `${well}failed certbot.service -\n`,
      {},
      [`${onHost("journalctl -u certbot.service -n 20 --no-pager")}\n${onHost("systemctl restart certbot.service")}`],
    ],
    [
      "a failed unit that is named already, with what it means",
      `${well.replace("nginx active", "nginx failed")}failed nginx.service -\nfailed app-backend@green.service -\n`,
      {},
      [onHost("systemctl restart nginx")],
    ],
    [
      "a full disk",
      well.replace("/ 26", "/ 97"),
      {},
      [`${onHost("journalctl --vacuum-size=200M")}\n${onHost("apt-get clean")}\n${onHost("du -xh --max-depth=2 /")}`],
    ],
    [
      "a disk that a log fills",
      `${well.replace("/ 26", "/var/log 97")}large /var/log/app/debug.log 3221225472\nlarge /tmp/a 99999999\n`,
      {},
      [onHost("truncate -s 0 /var/log/app/debug.log")],
    ],
    [
      "the link gone, HAProxy knowing which slot served",
      well.replace("current serving/blue", "current none-at-all"),
      { serving: null },
      [`${onHost("ln -sfn serving/blue /srv/app/current")}\n${onHost("systemctl reload-or-restart haproxy")}`],
    ],
    [
      "the link gone and HAProxy away, one backend running",
      well
        .replace("current serving/blue", "current none-at-all")
        .replace(/^proxy .*\n/gm, "")
        .replace("haproxy active", "haproxy failed"),
      { serving: null },
      [
        `${onHost("ln -sfn serving/blue /srv/app/current")}\n${onHost("systemctl reload-or-restart haproxy")}`,
        onHost("systemctl restart haproxy"),
      ],
    ],
    [
      "the link gone and all stopped, the ledger knowing what served last",
      `${well
        .replace("current serving/blue", "current none-at-all")
        .replace(/^proxy .*\n/gm, "")
        .replace("blue active", "blue inactive")}served ledger b1\n`,
      { serving: null },
      [
        `${onHost("ln -sfn serving/blue /srv/app/current")}\n${onHost("systemctl reload-or-restart haproxy")}`,
        onHost("systemctl restart app-backend@blue.service"),
      ],
    ],
    [
      "the link gone, and nobody knows which slot served",
      well
        .replace("current serving/blue", "current none-at-all")
        .replace(/^proxy .*\n/gm, "")
        .replace("blue active", "blue inactive"),
      { serving: null },
      ["pulumi config set attempt 4 --stack s\npulumi up --stack s"],
    ],
    [
      "the serving release's files gone",
      well.replace("release blue there", "release blue gone"),
      {},
      [
        `pulumi config set attempt 4 --stack s\npulumi up --stack s\n${onHost("systemctl restart app-backend@blue.service")}`,
      ],
    ],
    [
      "a step at work",
      well.replace("step inactive deployment-step.service", "step active unpacking the release"),
      {},
      [`${onHost("systemctl status deployment-step")}\npulumi up --stack s`],
    ],
    [
      "a step that was ended",
      well.replace("step inactive deployment-step.service", "step failed unpacking the release"),
      {},
      [`${onHost("systemctl reset-failed deployment-step")}\npulumi up --stack s`],
    ],
    [
      "nothing deployed yet",
      "slot blue inactive\nslot green inactive\nlink current none-at-all\n",
      { serving: null, staged: null, contents: { blue: null, green: null } },
      [],
    ],
  ])("%s", (_, printed, change, commands) =>
    expect(commandsOf(diagnoseHost({ ...situation, ...change }, readHostTraces(printed)))).toEqual(commands),
  );
});

describe("what RDS says of the database", () => {
  const situation = {
    stack: "s",
    region: "eu-central-1",
    identifier: "app-s",
    storageGiB: 20,
    release: "v1.1",
    schemaVersion: 2,
  };
  const labelled = { id: "app-s-2", at: "2026-11-26T01:00:00.000Z", release: "v1.0", schemaVersion: "1" };
  const automated = { id: "rds:app-s-2026-11-26", at: "2026-11-26T03:00:00.000Z" };
  const wait = ["npm run diagnose -- s"];

  it.each<[string | undefined, (typeof labelled | typeof automated)[], string[]]>([
    ["available", [], []],
    ["backing-up", [], []],
    ["stopped", [], ["npm run diagnose -- s --start-database"]],
    ["starting", [], wait],
    ["stopping", [], wait],
    ["storage-full", [], ["pulumi config set --path database.storageGiB 30 --stack s\npulumi up --stack s"]],
    ["failed", [labelled], ["npm run restore -- s app-s-2"]],
    [undefined, [labelled], ["npm run restore -- s app-s-2"]],
    ["failed", [automated, labelled], ["npm run restore -- s rds:app-s-2026-11-26 --release v1.1 --schema 2"]],
    [
      "failed",
      [],
      [
        "aws rds describe-events --source-type db-instance --source-identifier app-s --duration 1440 --region eu-central-1",
      ],
    ],
    ["a-word-that-is-not-known", [labelled], ["npm run restore -- s app-s-2"]],
  ])("%s", (status, snapshots, commands) =>
    expect(commandsOf({ findings: instanceFindings(situation, { status, snapshots }) })).toEqual(commands),
  );

  it("a locked role is another finding than a database that does not answer", () => {
    const refused = (message: string) => loginFinding("s", "prompt_library_app", message).command;
    expect(refused('role "prompt_library_app" is not permitted to log in')).toBe(
      "pulumi refresh --run-program --skip-preview --stack s\npulumi up --stack s",
    );
    expect(refused("connect ECONNREFUSED")).toBe("npm run preflight -- s");
  });
});

describe("what the shown certificate says", async () => {
  const situation = { stack: "s", attempt: 3, publicName: "library.example.org" };
  const [one, other] = await Promise.all(
    [0, 1].map(async () => new X509Certificate((await makeCertificate("library.example.org")).certificate)),
  );
  const later = new Date(Date.parse(one?.validTo ?? "") + 1000);
  const renew = [
    "pulumi config set --path keys.tlsCertificate --stack s < tls.pem",
    "pulumi config set --path secrets.tlsPrivateKey --secret --stack s < tls.key",
    "pulumi up --stack s",
  ].join("\n");
  const again = "pulumi config set attempt 4 --stack s\npulumi up --stack s";

  it.each([
    ["is the configured one, and valid", one, one, new Date(), []],
    ["has expired", one, one, later, [renew]],
    ["is another one", one, other, new Date(), [again]],
    ["is another one, and has expired", one, other, later, [again]],
  ] as const)("%s", (_, shown, configured, now, commands) => {
    if (shown === undefined || configured === undefined) throw new Error("no certificate was made");
    expect(commandsOf({ findings: certificateFindings(situation, shown, configured, now) })).toEqual(commands);
  });
});

describe("a command in a diagnosis", () => {
  it.each([
    ["pulumi up --stack s", "pulumi up --stack s --config-file 'a b.yaml'"],
    [
      "pulumi config set --path k --stack s < tls.pem\npulumi refresh --run-program --skip-preview --stack s",
      "pulumi config set --path k --stack s --config-file 'a b.yaml' < tls.pem\npulumi refresh --run-program --skip-preview --stack s --config-file 'a b.yaml'",
    ],
    ["npm run restore -- s id", "npm run restore -- s id --config-file 'a b.yaml'"],
    ["pulumi cancel --yes --stack s", "pulumi cancel --yes --stack s"],
    ["npm run ssh -- s sudo systemctl restart nginx", "npm run ssh -- s sudo systemctl restart nginx"],
  ])("names the config's file where it takes it: %s", (command, expected) => {
    expect(withConfigFile(command, "a b.yaml")).toBe(expected);
    expect(withConfigFile(command, undefined)).toBe(command);
  });
});

describe("a diagnosis in words", () => {
  it("says what to do before what was asked, and cuts long answers", () => {
    const rows = Array.from({ length: 20 }, (_, index) => `row ${index + 1}`);
    const text = renderDiagnosis([
      {
        title: "Database",
        asked: [{ question: "rows", answer: rows.join("\n") }],
        findings: [{ what: "an index is invalid", means: "It is not used.", command: "one\ntwo" }],
      },
      { title: "Host", asked: [{ question: "disk", answer: "/ 26 %" }], findings: [] },
    ]);
    expect(text.split("\n").slice(0, 8)).toEqual([
      "1 thing to see to, in this order:",
      "",
      "1. an index is invalid",
      "   It is not used.",
      "   $ one",
      "   $ two",
      "",
      "Database",
    ]);
    expect(text).toContain("    row 12\n    and 8 more\n");
    expect(text).toContain("Host\n  disk: / 26 %");
  });
  it("says that nothing is wrong", () =>
    expect(renderDiagnosis([])).toBe("Nothing is wrong that this command can see."));
});
