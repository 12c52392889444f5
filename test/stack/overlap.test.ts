import { request } from "node:https";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { boxesOf } from "../../infra/checklist/owners";
import type { StepInput } from "../../infra/context/input";
import type { Outage } from "../../infra/host/commands/activate-script";
import type { Report } from "../../infra/report/shape";
import type { Rehearsal } from "../rehearsal/rehearsal";
import { underLoad } from "../steady-load";
import { healthOf } from "./activation/suite";
import { deploy, deployed, latestReport, log, resultOf } from "./deployed";
import { deployedInput, forgetRateLimit, inputFor, onHost, runStep } from "./steps";

/** An application that keeps users and connections in files and rewrites them whole: two copies at once would lose data. */
let rehearsal: Rehearsal;
let input: StepInput;
let report: Report;
let token: string;
let made = 0;

beforeAll(async () => {
  // Where users are a file, no statement disables an account or lets it in again.
  const accountStays = { "verification.checkAccount.disable": "" };
  rehearsal = await deployed("v1.1.0", 1, accountStays);
  const first = await deploy(rehearsal, "v1.2.0-files", 2, { "app.overlap": "false" });
  expect(first.exitCode, first.output).toBe(0);
  input = await deployedInput(rehearsal);
  report = await latestReport();
  await forgetRateLimit(input);
  const account = { email: `files-${Date.now()}@users.example`, password: "a password of files" };
  token = ((await post("/api/auth/register", account)).body as { data: { token: string } }).data.token;
});

afterAll(async () => {
  for (const path of ["app.overlap", "verification.checkAccount"])
    await rehearsal.pulumi.capture("config", "rm", "--path", path);
  await deployed("v1.1.0", 1);
  if (input !== undefined)
    await onHost(input, "find /srv/prompt-library/shared/ -name users.json -delete -o -name connections.json -delete");
});

test("what activation verifies, since nothing could run before it, is in the report as verification's own", () => {
  expect(report.state).toBe("good");
  expect(report.remarks).toEqual([]);
  for (const id of boxesOf("verify")) expect(["passed", "not needed"], id).toContain(resultOf(report, id));
  expect(resultOf(report, "FUN-1.5")).toBe("passed");
  expect(report.boxes.find(({ id }) => id === "PER-2.1")?.source).toBe("verify");
});

test("a new copy takes the old one's place: nobody is refused, nothing that was written is lost, never two at once", async () => {
  const next = await inputFor(input, "v1.2.0-files");
  next.settings.app.backend.variables = { ...next.settings.app.backend.variables, FEATURE: "another configuration" };
  const before = await onHost(
    input,
    "ls -di /srv/prompt-library/shared/interface/backend/data 2>/dev/null || find /srv/prompt-library/shared -name users.json",
  );
  await runStep("stage", next);
  await forgetRateLimit(input);
  let isOver = false;
  const writing = (async () => {
    // Ten a second: the application takes 1,500 requests in 15 minutes from one client.
    for (; !isOver; await pause(100)) await connect();
  })();
  const watch = copiesSeen(() => isOver);
  const { failed, longestGapMs, slowestMs, value } = await underLoad(healthOf(input), () =>
    runStep("activate", next),
  ).finally(() => (isOver = true));
  await writing;
  expect(failed).toEqual([]);
  expect(value.summary).toMatch(/requests waited for \d+ ms/);
  const { heldMs, drainMs, stopMs, startMs, askMs } = value.context.details.outage as Outage;
  expect(Math.abs(heldMs - drainMs - stopMs - startMs - askMs)).toBeLessThan(10);
  log(
    `outage: no answer for ${longestGapMs} ms, slowest request ${slowestMs} ms; on the host ${JSON.stringify(value.context.details.outage)}`,
  );
  expect(longestGapMs).toBeLessThan(8_000);
  expect(await watch).toBe(1);
  expect(await connections()).toBe(made);
  expect(made).toBeGreaterThan(5);
  expect(
    await onHost(
      input,
      "ls -di /srv/prompt-library/shared/interface/backend/data 2>/dev/null || find /srv/prompt-library/shared -name users.json",
    ),
  ).toBe(before);
});

test.each([
  ["exits", /v1\.2\.0-exits was not taken: .*ended by itself/],
  ["wrong-version", /v1\.2\.0-wrong-version was not taken: .*the health endpoint reports .*v1\.1\.0/],
])("%s never serves: the old copy is started again and takes the requests that waited", async (name, reason) => {
  await forgetRateLimit(input);
  const candidate = await inputFor(input, `v1.2.0-${name}`);
  const { failed } = await underLoad(healthOf(input), async () => {
    await runStep("stage", candidate);
    expect(await runStep("activate", candidate).then(() => "", String)).toMatch(reason);
  });
  expect(failed).toEqual([]);
  expect(await connections()).toBe(made);
});

test("a release that starts slowly has the time that config gives it, and requests wait that long", async () => {
  await forgetRateLimit(input);
  const slow = await inputFor(input, "v1.2.0-files");
  const { backend } = slow.settings.app;
  slow.settings.app.backend = {
    ...backend,
    command: `sh -c "sleep 7; exec ${backend.command}"`,
    startTimeoutSeconds: 20,
  };
  const { failed, value } = await underLoad(healthOf(input), async () => {
    await runStep("configure", slow);
    await runStep("stage", slow);
    return runStep("activate", slow);
  });
  expect(failed).toEqual([]);
  expect((value.context.details.outage as Outage).startMs).toBeGreaterThan(7_000);
  expect(await connections()).toBe(made);
});

async function connect(): Promise<void> {
  const answer = await post(
    "/api/connections",
    { name: `connection ${made}`, provider: "openai", credentials: { api_key: "key" } },
    token,
  );
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  made += 1;
}

async function connections(): Promise<number> {
  const answer = await ask("GET", "/api/connections", undefined, token);
  expect(answer.status).toBe(200);
  return (answer.body as { data: unknown[] }).data.length;
}

/** The most copies that ran at one moment, looked at all the time. */
async function copiesSeen(isOver: () => boolean): Promise<number> {
  let most = 0;
  while (!isOver())
    most = Math.max(most, Number(await onHost(input, "pgrep -u prompt-library -fc '^[^ ]*node dist' || true")));
  return most;
}

function post(path: string, body: unknown, bearer?: string) {
  return ask("POST", path, body, bearer);
}

function ask(method: string, path: string, body: unknown, bearer?: string): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const headers = {
      "content-type": "application/json",
      host: input.settings.network.publicName,
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    };
    const asked = request(
      { host: input.host.address, method, path, headers, rejectUnauthorized: false, agent: false },
      (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => (text += chunk.toString()));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, body: text === "" ? undefined : JSON.parse(text) }),
        );
      },
    );
    asked.on("error", reject);
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
