import { spawn } from "node:child_process";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { ListObjectVersionsCommand } from "@aws-sdk/client-s3";
import { SNSClient, SubscribeCommand, UnsubscribeCommand } from "@aws-sdk/client-sns";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { boxIds } from "../../infra/checklist/boxes";
import { owners } from "../../infra/checklist/owners";
import { stackInput } from "../../infra/cli/stack-input";
import { openContext } from "../../infra/steps/context";
import { withClient } from "../../infra/steps/database-connection";
import type { StepInput } from "../../infra/steps/input";
import { reportClient } from "../../infra/steps/report-store";
import { secretsOf } from "../../infra/steps/secrets";
import { redact } from "../../infra/report/redact";
import { phases } from "../../infra/rollout/phases";
import type { Rehearsal } from "../rehearsal/rehearsal";
import { deploy, deployed, latestReport, resultOf, stack } from "./deployed";

type Told = { event: string; subject: string; text: string };

/** One deployment, looked at from all sides: what it says, where it is kept, and what it must not say. */
let rehearsal: Rehearsal;
let input: StepInput;
let listener: Listener;
const seen = new Set<string>();
let output = "";

beforeAll(async () => {
  rehearsal = await deployed("v1.1.0", 1);
  input = await stackInput(stack);
  listener = await Listener.to(input);
  const stopWatching = watchProcesses(seen);
  const marker = spawn("sleep", ["600"], { argv0: "marker-of-the-watch" });
  try {
    const attempt = String(input.settings.attempt + 1);
    const done = await deploy(rehearsal, "v1.1.0", 1, { attempt });
    output = done.output;
    expect(done.exitCode, done.output).toBe(0);
  } finally {
    marker.kill();
    stopWatching();
  }
  input = await stackInput(stack);
});

afterAll(async () => {
  await listener?.end();
  if (rehearsal !== undefined) await deployed("v1.1.0", 1);
});

describe("the report of a deployment", () => {
  test("speaks of every box; what a phase owns is never left out", async () => {
    const report = await latestReport();
    expect(report.boxes.map((box) => box.id)).toEqual(boxIds);
    expect(report.state).toBe("good");
    for (const id of ["POST-2.1", "POST-1.1", "POST-1.4", "POST-3.3", "POST-4.4", "TRB-1", "TRB-2", "TRB-3"]) expect([id, resultOf(report, id)]).toEqual([id, "passed"]);
  });

  test("is kept with its versions, and fetched and checked by the stack's name", async () => {
    const address = await rehearsal.pulumi.output("report");
    const [, , bucket, ...key] = address.split("/");
    const versions = await reportClient(input.settings.target.region).send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: key.join("/") }));
    expect(versions.Versions?.[0]?.VersionId).toMatch(/\S{8}/);
    const fetched = await command("report", stack);
    expect(fetched.stdout).toContain("Whole, and signed with the given key");
    expect(fetched.exitCode).toBe(0);
  });

  test("is not to be trusted with one byte changed", async () => {
    const directory = join("reports", stack);
    const name = (await readdir(directory)).filter((file) => file.endsWith(".json")).sort().at(-1) ?? "";
    const file = join(rehearsal.home, "changed.json");
    await writeFile(file, (await readFile(join(directory, name), "utf8")).replace('"state":"good"', '"state":"gold"'));
    const checked = await command("report", "--verify", file, "--stack", stack);
    expect(checked.stdout).toContain("NOT TO BE TRUSTED");
    expect(checked.exitCode).toBe(1);
  });

  test("is announced, and the team told how it ended and where it is", async () => {
    const told = await listener.heard();
    expect(told.map(({ event }) => event)).toEqual(["started", "succeeded"]);
    expect(told[1]?.text).toContain(await rehearsal.pulumi.output("report"));
    expect(output).toContain("GOOD  prompt-library");
    // Below everything else, as Pulumi shows what a program says at its end.
    const summary = /^ {4}GOOD {2}prompt-library.*(\n {4}.*\S)*/m.exec(output)?.[0].split("\n") ?? [];
    expect(summary.length).toBeGreaterThan(4);
    expect(summary.length).toBeLessThanOrEqual(20);
  });
});

describe("no secret of the stack occurs", () => {
  const holds = (text: string) => redact(text, secretsOf(input)) !== text;

  test("in the list of processes, here or on the host, while it ran", () => {
    const all = [...seen];
    // What shows that the watch saw this machine, the steps and the host.
    for (const expected of ["marker-of-the-watch", ".steps/main.js", "sudo bash -euo pipefail -s"]) expect(all.some((line) => line.includes(expected)), expected).toBe(true);
    expect(all.filter(holds)).toEqual([]);
  });

  test("in what Pulumi printed, its state and history, reports, records and logs", async () => {
    const files = [...(await filesBelow(join(rehearsal.home, "state"))), ...(await filesBelow(join("reports", stack))), ...(await filesBelow(join(rehearsal.home, "cloud/logs"))), join(rehearsal.home, "cloud/daemon.log")];
    expect(files.length).toBeGreaterThan(20);
    expect(holds(`before ${input.settings.secrets.appPassword} after`)).toBe(true);
    expect(holds(output)).toBe(false);
    const found = [];
    for (const file of files) if (holds(await readFile(file, "latin1"))) found.push(file);
    expect(found).toEqual([]);
  });

  test("in the host's journal, logs and records", async () => {
    const context = openContext("evidence", input, new Date());
    try {
      const patterns = Buffer.from(`${secretsOf(input).join("\n")}\n`).toString("base64");
      const places = `journalctl -o cat --no-pager; cat ${context.paths.evidence}/*.json; find /var/log -type f ! -path '/var/log/journal/*' -exec cat {} +`;
      const printed = await context.host.run("searching", `patterns=$(mktemp); trap 'rm -f "$patterns"' EXIT; base64 -d <<<'${patterns}' > "$patterns"
{ ${places}; } | wc -c; { ${places}; } | grep -caF -f "$patterns" || true`);
      const [bytes, lines] = printed.split("\n").map(Number);
      expect(bytes).toBeGreaterThan(10_000);
      expect(lines).toBe(0);
    } finally {
      await context.host.close();
    }
  });
});

describe("a run that fails", () => {
  test("reports every box up to the failure, and nothing after it as passed", async () => {
    const good = await latestReport();
    const failed = await runPhase("verify", { ...input, settings: { ...input.settings, verification: { ...input.settings.verification, adminEmail: "nobody@prompt-library.example" } } });
    expect(failed.exitCode).not.toBe(0);
    const report = await latestReport();
    expect(report.state).toBe("failed");
    expect(report.failed[0]?.where).toBe("verify");
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
  });

  test("and reaches neither host nor bucket still reports what it knows here, and says so", async () => {
    const good = await latestReport();
    const lost = await runPhase("verify", { ...input, host: { ...input.host, address: "127.0.0.254" }, bucket: "no-such-bucket-anywhere" });
    expect(lost.exitCode).not.toBe(0);
    expect(lost.stderr).toContain("not kept elsewhere: s3://no-such-bucket-anywhere did not take the report");
    expect(lost.stderr).toContain("the record could not be left on the host");
    const report = await latestReport();
    expect(report.state).toBe("failed");
    for (const id of boxIds) if (owners[id] === "preflight" || owners[id] === "stage") expect([id, resultOf(report, id)]).toEqual([id, resultOf(good, id)]);
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
      await writeFile(join(locks, "left-by-a-test.json"), JSON.stringify({ pid: ended.pid, username: "root", hostname: hostname(), timestamp: "2026-01-01T00:00:00Z" }));
      await context.host.run("leaving half a release", `mkdir ${context.paths.releases}/left-by-a-test.new`);
      await owner(async (client) => {
        await client.query("create table public.left_by_a_test (a int); insert into public.left_by_a_test values (1), (1)");
        await client.query("create unique index concurrently idx_left_by_a_test on public.left_by_a_test (a)").catch(() => undefined);
        await client.query("delete from public.left_by_a_test where ctid = (select min(ctid) from public.left_by_a_test)");
      });
      const found = await command("diagnose", stack);
      expect(found.exitCode).toBe(1);
      for (const line of [`$ pulumi cancel --yes --stack ${stack}`, `left-by-a-test.new`, "the index idx_left_by_a_test is invalid", `$ npm run diagnose -- ${stack} --rebuild-indexes`]) expect(found.stdout).toContain(line);

      await owner((client) =>
        client.query(
          `insert into public.migration_audit (id, migration_name, executed_at, executed_by, status, details) values (gen_random_uuid(), '0002_left_by_a_test', now(), 'test', 'running',
           '{"program": "prompt-library-deployment", "version": 2, "direction": "up", "chain": "x", "sequence": 999999}')`,
        ),
      );
      const halfDone = await command("diagnose", stack);
      expect(halfDone.stdout).toContain("version 2 (0002_left_by_a_test) is half done on its way up");
      expect(halfDone.stdout).toContain(`$ pulumi up --stack ${stack}`);
      await owner((client) => client.query("delete from public.migration_audit where migration_name = '0002_left_by_a_test'"));

      const cancelled = await execa("pulumi", ["cancel", "--yes", "--stack", stack], { reject: false, stdin: "ignore", env: rehearsal.environment });
      expect(cancelled.exitCode, cancelled.stderr).toBe(0);
      await context.host.run("removing half a release", `rm -rf ${context.paths.releases}/left-by-a-test.new`);
      const mended = await command("diagnose", stack, "--rebuild-indexes");
      expect(mended.stdout).toContain("rebuilt indexes: idx_left_by_a_test");
      expect(mended.exitCode, mended.stdout).toBe(0);
    } finally {
      await rm(join(locks, "left-by-a-test.json"), { force: true });
      await context.host.run("removing half a release", `rm -rf ${context.paths.releases}/left-by-a-test.new`);
      await owner((client) => client.query("drop table if exists public.left_by_a_test; delete from public.migration_audit where migration_name = '0002_left_by_a_test'"));
      await context.host.close();
    }
  });
});

describe("a stack is looked at without a deployment", () => {
  test.each(["preflight", "verify"])("npm run %s asks its checks, and all hold", async (name) => {
    const asked = await command(name, stack, "--config-file", rehearsal.pulumi.options.configFile);
    expect(asked.exitCode, asked.stdout + asked.stderr).toBe(0);
  });

  test("a stack that is not there can't be looked at", async () => {
    for (const name of ["preflight", "verify", "diagnose"]) expect((await command(name, "no-such-stack")).exitCode).toBe(2);
  });
});

/** A command of this program as an operator gives it. */
function command(name: string, ...args: string[]) {
  return execa("npm", ["run", "--silent", name, "--", ...args], { reject: false, stdin: "ignore", env: rehearsal.environment });
}

/** One phase as the rollout would run it, following the phase before it. */
async function runPhase(phase: (typeof phases)[number], given: StepInput) {
  const previous = phases[phases.indexOf(phase) - 1] ?? "";
  const record = JSON.parse(await readFile(join("reports", stack, "records", `${previous}.json`), "utf8")) as { runId: string };
  const follows = JSON.stringify({ runId: record.runId, phase: previous, outcome: "completed", summary: "" });
  return execa("node", ["--import", "tsx", "infra/steps/main.ts", phase], { input: JSON.stringify({ input: given, follows }), reject: false, env: { ...rehearsal.environment, NODE_NO_WARNINGS: "1" } });
}

/** Hears what the stack's topic is told, as any subscriber would: by a queue. Asked by hand, since nothing else here needs SQS. */
class Listener {
  #queue = "";
  #subscription = "";

  constructor(
    readonly sns: SNSClient,
    readonly region: string,
  ) {}

  static async to({ topicArn, settings }: StepInput): Promise<Listener> {
    const { region } = settings.target;
    const listener = new Listener(new SNSClient({ region }), region);
    const name = `told-${process.pid}`;
    listener.#queue = /<QueueUrl>(.*?)<\/QueueUrl>/.exec(await listener.#sqs({ Action: "CreateQueue", QueueName: name }))?.[1] ?? "";
    const made = await listener.sns.send(new SubscribeCommand({ TopicArn: topicArn, Protocol: "sqs", Endpoint: topicArn.replace(":sns:", ":sqs:").replace(/[^:]*$/, name) }));
    listener.#subscription = made.SubscriptionArn ?? "";
    return listener;
  }

  /** What came since it was last asked, oldest first. */
  async heard(): Promise<Told[]> {
    const heard: Told[] = [];
    for (;;) {
      const answer = await this.#sqs({ Action: "ReceiveMessage", QueueUrl: this.#queue, MaxNumberOfMessages: "10" });
      const bodies = [...answer.matchAll(/<Body>([\s\S]*?)<\/Body>/g)].map(([, body = ""]) => unescaped(body));
      if (bodies.length === 0) return heard;
      for (const body of bodies) {
        const { Subject: subject, Message: text, MessageAttributes: attributes } = JSON.parse(body) as { Subject: string; Message: string; MessageAttributes?: { event?: { Value?: string } } };
        heard.push({ event: attributes?.event?.Value ?? "", subject, text });
      }
    }
  }

  async end(): Promise<void> {
    await this.sns.send(new UnsubscribeCommand({ SubscriptionArn: this.#subscription }));
    await this.#sqs({ Action: "DeleteQueue", QueueUrl: this.#queue });
  }

  async #sqs(parameters: Record<string, string>): Promise<string> {
    const answer = await fetch(process.env.AWS_ENDPOINT_URL ?? "", {
      method: "POST",
      // The local cloud reads the service from the signature and checks nothing else of it.
      headers: { authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${this.region}/sqs/aws4_request, SignedHeaders=host, Signature=0`, "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ Version: "2012-11-05", ...parameters }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${parameters.Action} answered ${answer.status}: ${text.slice(0, 300)}`);
    return text;
  }
}

function unescaped(xml: string): string {
  return xml.replace(/&(quot|apos|lt|gt|#10|#13|#xa|amp);/gi, (_, name: string) => ({ quot: '"', apos: "'", lt: "<", gt: ">", "#10": "\n", "#13": "\r", "#xa": "\n", amp: "&" })[name.toLowerCase()] ?? "");
}

/** Reads every process's command line again and again; the host's processes are among this machine's. */
function watchProcesses(found: Set<string>): () => void {
  let isOver = false;
  void (async () => {
    while (!isOver) {
      for (const entry of await readdir("/proc")) {
        if (!/^\d+$/.test(entry)) continue;
        const line = await readFile(`/proc/${entry}/cmdline`, "utf8").catch(() => "");
        if (line !== "") found.add(line.replaceAll("\0", " "));
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  return () => {
    isOver = true;
  };
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
