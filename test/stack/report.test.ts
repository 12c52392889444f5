import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { CopyObjectCommand, DeleteObjectCommand, ListObjectVersionsCommand, S3Client } from "@aws-sdk/client-s3";
import { ConfirmSubscriptionCommand, SNSClient } from "@aws-sdk/client-sns";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { boxIds } from "../../infra/checklist/boxes";
import { owners } from "../../infra/checklist/owners";
import { stackInput } from "../../infra/cli/stack-input";
import { openContext } from "../../infra/context/context";
import { withClient } from "../../infra/context/database-connection";
import type { StepInput } from "../../infra/context/input";
import { secretsOf } from "../../infra/context/secrets";
import { writeResult } from "../../infra/core/phase-result";
import { phases } from "../../infra/core/phases";
import { DeploymentLock } from "../../infra/lock/deployment-lock";
import { LockStore } from "../../infra/lock/store";
import { teamNotified } from "../../infra/phases/ending/audience";
import { notify } from "../../infra/phases/ending/notification";
import { redact } from "../../infra/report/redact";
import type { Report } from "../../infra/report/shape";
import { secretSettings } from "../../infra/settings/platform";
import type { Rehearsal } from "../rehearsal/rehearsal";
import { asOwner } from "./as-owner";
import { until } from "./cloud-fixture";
import { deploy, deployed, latestReport, resultOf, stack } from "./deployed";
import { Listener } from "./listener";
import { watchProcesses } from "./process-watch";

/**
 * One deployment to the next release and schema, and one that fails, looked at from all sides: what they say, where it is kept, and
 * what they must not say.
 */
let rehearsal: Rehearsal;
let input: StepInput;
let listener: Listener;
let good: Report;
let stopWatching = () => {};
const seen = new Set<string>();
/** What Pulumi and the phases printed. */
const printed: string[] = [];

beforeAll(async () => {
  rehearsal = await deployed("v1.1.0", 1);
  input = await stackInput(stack);
  listener = await Listener.to(input);
  stopWatching = watchProcesses(seen);
  const done = await deploy(rehearsal, "v1.2.0", 2);
  printed.push(done.output);
  expect(done.exitCode, done.output).toBe(0);
  input = await stackInput(stack);
  good = await latestReport();
});

afterAll(async () => {
  stopWatching();
  await listener?.end();
  if (rehearsal !== undefined) await deployed("v1.1.0", 1);
});

test("a deployment's log tells of each phase in a few lines", () => {
  // How often a phase says that it still waits is the machine's affair.
  const rows = (printed[0] ?? "")
    .trim()
    .split("\n")
    .filter((row) => !/ still /.test(row));
  expect(rows.length, rows.join("\n")).toBeLessThanOrEqual(60);
  for (const phase of phases)
    expect(rows.filter((row) => new RegExp(` ${phase} [\\d.]+ s: .* \\[run `).test(row)).length).toBeGreaterThan(0);
});

describe("the report of a deployment", () => {
  test("speaks of every box; what a phase owns is never left out", () => {
    expect(good.boxes.map((box) => box.id)).toEqual(boxIds);
    expect(good.state).toBe("good");
    expect(good.boxes.filter((box) => /without a word/.test(box.reason ?? ""))).toEqual([]);
    for (const id of [
      "PRE-2.4",
      "MIG-3.2",
      "FUN-1.3",
      "POST-1.1",
      "POST-1.4",
      "POST-3.3",
      "POST-4.4",
      "TRB-1",
      "TRB-2",
      "TRB-3",
    ] as const)
      expect([id, resultOf(good, id)]).toEqual([id, "passed"]);
    expect(good.locks.map(({ table }) => table)).toContain("connections");
    expect(good.screenshots.map(({ page, as }) => `${page} as ${as}`)).toEqual([
      "/login as nobody",
      "/connections as user",
      "/admin/providers as admin",
    ]);
    expect(good.header.snapshot?.restoreCommand).toContain(`npm run restore -- ${stack}`);
  });

  test("is kept with its versions, and fetched and checked by the stack's name", async () => {
    const address = await rehearsal.pulumi.output("report");
    const [, , bucket, ...key] = address.split("/");
    const versions = await new S3Client({ ...asOwner, forcePathStyle: true }).send(
      new ListObjectVersionsCommand({ Bucket: bucket, Prefix: key.join("/") }),
    );
    expect(versions.Versions?.[0]?.VersionId).toMatch(/\S{8}/);
    const fetched = await command("report", stack);
    expect(fetched.stdout).toContain("Whole, and signed with the given key");
    expect(fetched.exitCode).toBe(0);
  });

  test("is not to be trusted where an older one was copied under a newer name, in the bucket too", async () => {
    const s3 = new S3Client({ ...asOwner, forcePathStyle: true });
    const [, , bucket = "", ...key] = (await rehearsal.pulumi.output("report")).split("/");
    const copies = ["json", "html"].map((kind) => ({
      from: key.join("/").replace(/html$/, kind),
      to: `reports/${stack}/20991231T235959000Z-ffffff.${kind}`,
    }));
    try {
      for (const { from, to } of copies)
        await s3.send(new CopyObjectCommand({ Bucket: bucket, CopySource: `${bucket}/${from}`, Key: to }));
      const fetched = await command("report", stack);
      expect(fetched.stdout).toContain("NOT TO BE TRUSTED");
      expect(fetched.exitCode).toBe(1);
    } finally {
      for (const { to } of copies) {
        await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: to }));
        await rm(to, { force: true });
      }
    }
  });

  test("is not to be trusted with one byte changed", async () => {
    const directory = join("reports", stack);
    const name =
      (await readdir(directory))
        .filter((file) => file.endsWith(".json"))
        .sort()
        .at(-1) ?? "";
    const file = join(rehearsal.home, name);
    await writeFile(file, (await readFile(join(directory, name), "utf8")).replace('"state":"good"', '"state":"gold"'));
    const checked = await command("report", "--verify", file, "--stack", stack);
    expect(checked.stdout).toContain("NOT TO BE TRUSTED");
    expect(checked.exitCode).toBe(1);
  });

  test("is announced, and the team told how it ended and where it is", async () => {
    const told = await listener.heard();
    expect(told.map(({ event }) => event)).toEqual(["started", "succeeded"]);
    expect(told[1]?.text).toContain(await rehearsal.pulumi.output("report"));
    const output = printed.join("\n");
    expect(output).toContain("GOOD  prompt-library");
    // Below everything else, as Pulumi shows what a program says at its end.
    const summary = /^ {4}GOOD {2}prompt-library.*(\n {4}.*\S)*/m.exec(output)?.[0].split("\n") ?? [];
    expect(summary.length).toBeGreaterThan(4);
    expect(summary.length).toBeLessThanOrEqual(20);
  });

  test("does not call those told who never confirmed their address; once they have, the team is told", async () => {
    const address = "rehearsal@prompt-library.example";
    const box = good.boxes.find(({ id }) => id === "POST-2.1");
    expect(box).toMatchObject({ result: "open", evidence: expect.stringContaining("to 1 confirmed subscribers") });
    expect(box?.reason).toContain(`never confirmed, so not told: ${address}`);
    const sns = new SNSClient(asOwner);
    await sns.send(new ConfirmSubscriptionCommand({ TopicArn: input.topicArn, Token: address }));
    const { audience, messageId } = await notify(input, { event: "started", subject: "confirmed", text: "confirmed" });
    expect(teamNotified(messageId, audience, [address])).toMatchObject({
      result: "passed",
      evidence: expect.stringContaining("to 2 confirmed subscribers"),
    });
    expect((await listener.heard()).map(({ subject }) => subject)).toContain("confirmed");
  });
});

describe("a run that fails", () => {
  /** None of Amazon's, at an address where nobody answers. */
  const goneHost = { id: "i-0000000000000000f", address: "127.0.0.254" };
  /** Nobody's, so that every check of a user or admin fails; never in the application's own log, since it is no token. */
  const tokens = {
    adminToken: `canary-${randomBytes(16).toString("hex")}`,
    userToken: `canary-${randomBytes(16).toString("hex")}`,
  };

  test("reports every box up to the failure, and nothing after it as passed; its lock is free for the next", async () => {
    const failing = { ...input, settings: { ...input.settings, secrets: { ...input.settings.secrets, ...tokens } } };
    const failed = await runPhase("verify", failing);
    printed.push(failed.stdout, failed.stderr);
    input = failing;
    expect(failed.exitCode).not.toBe(0);
    const report = await latestReport();
    expect(report.state).toBe("failed");
    expect(report.failed[0]?.where).toBe("verify");
    const failedBoxes = report.failed.slice(1).flatMap(({ where }) => where.split(", "));
    expect(failedBoxes).toEqual(expect.arrayContaining(["FUN-1.1", "FUN-2.1", "APP-3.3"]));
    // The refused tokens are one cause of each kind, however many boxes ask with them.
    expect(report.failed.length).toBeLessThan(failedBoxes.length);
    expect(failed.stderr).toContain(`report   s3://${input.bucket}/reports/${stack}/`);
    const told = await listener.heard();
    expect(told.map(({ event }) => event)).toEqual(["failed"]);
    expect(told[0]?.text).toContain(`s3://${input.bucket}/reports/${stack}/`);
    const before: readonly string[] = phases.slice(0, phases.indexOf("verify"));
    const after: readonly string[] = phases.slice(phases.indexOf("verify") + 1);
    for (const id of boxIds) {
      if (before.includes(owners[id])) expect([id, resultOf(report, id)]).toEqual([id, resultOf(good, id)]);
      if (after.includes(owners[id])) expect([id, resultOf(report, id)]).not.toEqual([id, "passed"]);
    }
    expect((await new LockStore(input.bucket, stack, input.settings.target.region).read())?.lease).toMatchObject({
      isFree: true,
      phase: "verify",
    });
  });

  test("and loses the host reports what it knows here, keeps it in the bucket, and says so", async () => {
    const lost = await runPhase("verify", { ...input, host: { ...input.host, ...goneHost } });
    printed.push(lost.stdout, lost.stderr);
    expect(lost.exitCode).not.toBe(0);
    expect(lost.stderr).toMatch(/the record could not be left on the host: .*127\.0\.0\.254/);
    expect(lost.stderr).toContain(`report   s3://${input.bucket}/reports/${stack}/`);
    await reportsWhatCameBefore();
  });

  test("and reaches neither host nor bucket, and so has no lock, still reports here, and touches nobody's records", async () => {
    const record = await readFile(join("reports", stack, "records", "verify.json"), "utf8");
    const lost = await runPhase("verify", {
      ...input,
      host: { ...input.host, ...goneHost },
      bucket: "prompt-library-gone-artifacts-bucket-0000000",
    });
    printed.push(lost.stdout, lost.stderr);
    expect(lost.exitCode).not.toBe(0);
    expect(lost.stderr).toContain(
      "the deployment lock could not be taken in s3://prompt-library-gone-artifacts-bucket-0000000: The specified bucket does not exist",
    );
    expect(lost.stderr).toContain(
      "not kept elsewhere: s3://prompt-library-gone-artifacts-bucket-0000000 did not take the report",
    );
    expect(lost.stderr).toContain(
      "the record could not be left on the host: the deployment lock that guards them is not this run's",
    );
    expect(await readFile(join("reports", stack, "records", "verify.json"), "utf8")).toBe(record);
    await reportsWhatCameBefore();
  });

  async function reportsWhatCameBefore() {
    const report = await latestReport();
    expect(report.state).toBe("failed");
    expect(report.failed[0]?.where).toBe("verify");
    for (const id of boxIds)
      if (owners[id] === "preflight" || owners[id] === "stage")
        expect([id, resultOf(report, id)]).toEqual([id, resultOf(good, id)]);
  }
});

describe("no secret of the stack occurs", () => {
  let secrets: string[];
  const holds = (text: string) => redact(text, secrets) !== text;

  beforeAll(async () => {
    // What shows that the watch sees a command line.
    const marker = spawn("sleep", ["600"], { argv0: "marker-of-the-watch" });
    try {
      await until("the watch's marker", 30_000, async () =>
        [...seen].some((line) => line.includes("marker-of-the-watch")),
      );
    } finally {
      marker.kill();
      stopWatching();
    }
    const { app, ...own } = input.settings.secrets;
    // Every kind that config knows has a value here, or what follows would prove less than it says.
    expect(Object.keys(own).sort()).toEqual(
      Object.keys(secretSettings.shape)
        .filter((name) => name !== "app")
        .sort(),
    );
    expect(Object.keys(app)).toEqual(expect.arrayContaining(["JWT_SECRET", "ENCRYPTION_KEY"]));
    secrets = [...secretsOf(input), await readFile(rehearsal.environment.PULUMI_CONFIG_PASSPHRASE_FILE ?? "", "utf8")];
    for (const secret of [...Object.values(own), ...Object.values(app)])
      expect(holds(`before ${secret.split("\n").at(1) ?? secret} after`)).toBe(true);
  });

  test("in the list of processes, here or on the host, while they ran", () => {
    const all = [...seen];
    for (const expected of [
      ".steps/main.js schemaUp",
      ".steps/main.js verify",
      "pulumi up",
      "chromium",
      "sudo bash -euo pipefail -s",
    ])
      expect(
        all.some((line) => line.includes(expected)),
        expected,
      ).toBe(true);
    expect(all.filter(holds)).toEqual([]);
  });

  test("in what Pulumi and the phases printed, state, history and config in the clear, reports, records and logs", async () => {
    const { home } = rehearsal;
    const files = [
      ...(await filesBelow(join(home, "state"))),
      ...(await filesBelow(join("reports", stack))),
      ...(await filesBelow(join(home, "cloud/logs"))),
      join(home, "cloud/daemon.log"),
      rehearsal.pulumi.options.configFile,
    ];
    expect(files.length).toBeGreaterThan(20);
    expect(printed.filter(holds)).toEqual([]);
    const found = [];
    for (const file of files) if (holds(await readFile(file, "latin1"))) found.push(file);
    expect(found).toEqual([]);
  });

  test("in the statements that PostgreSQL keeps, which the read-only role may see", async () => {
    const context = openContext("evidence", input, new Date());
    try {
      const { rows } = await withClient(context.connect("readonly"), (client) =>
        client.query<{ query: string }>("select query from pg_stat_statements"),
      );
      expect(rows.some(({ query }) => query.includes("migration_audit"))).toBe(true);
      expect(rows.map(({ query }) => query).filter(holds)).toEqual([]);
    } finally {
      await context.host.close();
    }
  });

  test("in the host's journal, logs and records", async () => {
    const context = openContext("evidence", input, new Date());
    try {
      const patterns = Buffer.from(`${secrets.join("\n")}\n`).toString("base64");
      const places = `journalctl -o cat --no-pager; cat ${context.paths.evidence}/*.json; find /var/log -type f ! -path '/var/log/journal/*' -exec cat {} +`;
      const counted = await context.host.run(
        "searching",
        `patterns=$(mktemp); trap 'rm -f "$patterns"' EXIT; base64 -d <<<'${patterns}' > "$patterns"
{ ${places}; } | wc -c; { ${places}; } | grep -caF -f "$patterns" || true`,
      );
      const [bytes, lines] = counted.split("\n").map(Number);
      expect(bytes).toBeGreaterThan(10_000);
      expect(lines).toBe(0);
    } finally {
      await context.host.close();
    }
  });
});

describe("what a killed run leaves", () => {
  test("is found, each with the command that mends it; nothing is found afterwards", async () => {
    const context = openContext("evidence", input, new Date());
    const locks = join(rehearsal.home, "state/.pulumi/locks/organization/prompt-library", stack);
    const ended = execa("true");
    await ended;
    const owner = <T>(work: Parameters<typeof withClient<T>>[1]) => withClient(context.connect("owner"), work);
    try {
      expect((await command("diagnose", stack)).stdout).toMatch(/^Nothing is wrong that this command can see\./);
      await mkdir(locks, { recursive: true });
      await writeFile(
        join(locks, "left-by-a-test.json"),
        JSON.stringify({ pid: ended.pid, username: "root", hostname: hostname(), timestamp: "2026-01-01T00:00:00Z" }),
      );
      await context.host.run("leaving half a release", `mkdir ${context.paths.releases}/left-by-a-test.new`);
      await context.host.run(
        "leaving a step that was ended",
        "systemd-run --quiet --wait --unit=deployment-step --description='left by a test' /bin/false || true",
      );
      const lock = new DeploymentLock(new LockStore(input.bucket, stack, input.settings.target.region), {
        who: "ada@desk",
        deployment: "left-by-a-test",
      });
      await lock.take("stage", () => undefined);
      await lock.leave();
      await owner(async (client) => {
        await client.query(
          "create table public.left_by_a_test (a int); insert into public.left_by_a_test values (1), (1)",
        );
        await client
          .query("create unique index concurrently idx_left_by_a_test on public.left_by_a_test (a)")
          .catch(() => undefined);
        await client.query(
          "delete from public.left_by_a_test where ctid = (select min(ctid) from public.left_by_a_test)",
        );
      });
      const found = await command("diagnose", stack);
      expect(found.exitCode).toBe(1);
      for (const line of [
        "a deployment is under way: ada@desk",
        `$ npm run lock -- ${stack}`,
        "a deployment's step was ended before it was done: left by a test",
        "sudo systemctl reset-failed deployment-step",
        `$ pulumi cancel --yes --stack ${stack}`,
        `left-by-a-test.new`,
        "the index idx_left_by_a_test is invalid",
        `$ npm run diagnose -- ${stack} --rebuild-indexes`,
      ])
        expect(found.stdout).toContain(line);

      await owner((client) =>
        client.query(
          `insert into public.migration_audit (id, migration_name, executed_at, executed_by, status, details) values (gen_random_uuid(), '0002_left_by_a_test', now(), 'test', 'running',
           '{"program": "prompt-library-deployment", "version": 2, "direction": "up", "chain": "x", "sequence": 999999}')`,
        ),
      );
      const halfDone = await command("diagnose", stack);
      expect(halfDone.stdout).toContain("version 2 (0002_left_by_a_test) is half done on its way up");
      expect(halfDone.stdout).toContain(`$ pulumi up --stack ${stack}`);
      await owner((client) =>
        client.query("delete from public.migration_audit where migration_name = '0002_left_by_a_test'"),
      );

      const cancelled = await execa("pulumi", ["cancel", "--yes", "--stack", stack], {
        reject: false,
        stdin: "ignore",
        env: rehearsal.environment,
      });
      expect(cancelled.exitCode, cancelled.stderr).toBe(0);
      expect((await command("lock", stack, "--break")).stdout).toContain("Broken: the lock was held by ada@desk");
      await context.host.run(
        "mending the host",
        `systemctl reset-failed deployment-step; rm -rf ${context.paths.releases}/left-by-a-test.new`,
      );
      const mended = await command("diagnose", stack, "--rebuild-indexes");
      expect(mended.stdout).toContain("rebuilt indexes: idx_left_by_a_test");
      expect(mended.exitCode, mended.stdout).toBe(0);
    } finally {
      await rm(join(locks, "left-by-a-test.json"), { force: true });
      await command("lock", stack, "--break");
      await context.host.run(
        "mending the host",
        `systemctl reset-failed deployment-step 2>/dev/null || true; rm -rf ${context.paths.releases}/left-by-a-test.new`,
      );
      await owner((client) =>
        client.query(
          "drop table if exists public.left_by_a_test; delete from public.migration_audit where migration_name = '0002_left_by_a_test'",
        ),
      );
      await context.host.close();
    }
  });
});

describe("a stack is looked at without a deployment", () => {
  test.each(["preflight", "verify"])("npm run %s asks its checks, and all hold", async (name) => {
    const asked = await command(name, stack, "--config-file", rehearsal.pulumi.options.configFile);
    expect(asked.exitCode, asked.stdout + asked.stderr).toBe(0);
  });

  test("npm run status, history, config and plan tell of it, for a person and for a script", async () => {
    const file = ["--config-file", rehearsal.pulumi.options.configFile];
    const status = await command("status", stack, ...file);
    expect(status.stdout).toMatch(/^serves {6}v1\.\d\.0 \([0-9a-f]{12}\), schema \d, slot (blue|green)$/m);
    expect(status.stdout).toMatch(/^since {7}20\d\d-.*Z, deployed by \S+@\S+$/m);
    const seen = JSON.parse((await command("status", stack, "--json", ...file)).stdout) as {
      serving: { release: string; schemaVersion: number };
      alarms: unknown[];
    };
    expect(seen.alarms.length).toBeGreaterThan(0);

    const told = JSON.parse((await command("history", stack, "--json", "--limit", "50")).stdout) as {
      to: string;
      state: string;
    }[];
    expect(told).toContainEqual(
      expect.objectContaining({ to: `${seen.serving.release} at schema ${seen.serving.schemaVersion}`, state: "good" }),
    );
    expect((await command("history", stack)).stdout).toMatch(/^20\d\d-\d\d-\d\d \d\d:\d\dZ {2}good/m);

    const config = await command("config", stack, ...file);
    expect(config.stdout).toContain('host.sshUser = "admin"');
    expect(config.stdout).toContain("secrets.masterPassword = (hidden)");
    expect(config.stdout).toContain("The last deployment had the same settings.");

    const plan = await command("plan", stack, ...file);
    expect(plan.exitCode, plan.stderr).toBe(0);
    expect(plan.stdout).toContain("No phase runs: nothing has changed since the last deployment.");
    for (const said of [status, config, plan])
      for (const secret of secretsOf(input)) expect(said.stdout + said.stderr).not.toContain(secret);
  });

  test("npm run logs, ssh and psql reach host and database", async () => {
    const { stdout: lines } = await command("logs", stack, "--lines", "5");
    expect(lines).toMatch(/^20\d\d-\S+Z (blue|green) /m);
    const host = await command("ssh", stack, "hostname; exit 3");
    expect(host.stdout).not.toBe("");
    expect(host.exitCode).toBe(1);
    const counted = await command("psql", stack, "-c", "select current_user, (select count(*) from users) > 0 as any");
    expect(counted.stdout).toMatch(/prompt_library_readonly \| t/);
    expect((await command("psql", stack, "-c", "delete from users")).exitCode).toBe(1);
  });

  test("a stack that is not there can't be looked at", async () => {
    for (const name of ["preflight", "verify", "diagnose"])
      expect((await command(name, "no-such-stack")).exitCode).toBe(2);
  });
});

/** A command of this program as an operator gives it. */
function command(name: string, ...args: string[]) {
  return execa("npm", ["run", "--silent", name, "--", ...args], {
    reject: false,
    stdin: "ignore",
    env: rehearsal.environment,
  });
}

/** One phase as the rollout would run it, following the phase before it. */
async function runPhase(phase: (typeof phases)[number], given: StepInput) {
  const previous = phases[phases.indexOf(phase) - 1] ?? "preflight";
  const record = JSON.parse(await readFile(join("reports", stack, "records", `${previous}.json`), "utf8")) as {
    runId: string;
  };
  const follows = writeResult({
    phase: previous,
    seconds: 0,
    summary: "",
    runId: record.runId,
    deployment: record.runId,
  });
  return execa("node", ["--import", "tsx", "infra/phases/main.ts", phase], {
    input: JSON.stringify({ input: given, follows }),
    reject: false,
    env: { ...rehearsal.environment, NODE_NO_WARNINGS: "1" },
  });
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
