import { mkdtemp, rm } from "node:fs/promises";
import { createServer, request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type PlainMoto, startPlainMoto } from "../toolchain/plain-moto";
import { setupToolchain } from "../toolchain/setup";

const program = resolve("test/stack/first-up-program");
let directory = "";
let moto: PlainMoto | undefined;
let environment: Record<string, string> = {};

beforeAll(async () => {
  const toolchain = await setupToolchain();
  directory = await mkdtemp(join(tmpdir(), "first-up-"));
  moto = await startPlainMoto();
  environment = {
    ...toolchain.environment,
    ...moto.environment,
    PULUMI_BACKEND_URL: `file://${directory}`,
    PULUMI_CONFIG_PASSPHRASE: "only for this test",
  };
});

afterAll(async () => {
  await moto?.stop();
  if (directory !== "") await rm(directory, { recursive: true, force: true });
});

/** The first `up` of a stack of that name, with one slot for the engine's steps, ended where it takes too long. */
async function firstUp(stack: string, timeoutMs: number, endpoint = "") {
  const env = { ...environment, ...(endpoint === "" ? {} : { AWS_ENDPOINT_URL: endpoint }) };
  const pulumi = (args: string[], timeout = 60_000) =>
    execa("pulumi", [...args, "--stack", stack, "--non-interactive", "--color", "never"], {
      cwd: program,
      env,
      reject: false,
      all: true,
      stdin: "ignore",
      timeout,
      forceKillAfterDelay: 1_000,
    });
  await execa("pulumi", ["stack", "init", stack, "--no-select", "--non-interactive"], { cwd: program, env });
  try {
    const done = await pulumi(["up", "--yes", "--skip-preview", "--parallel", "1"], timeoutMs);
    return { exitCode: done.exitCode, hangs: done.timedOut, output: done.all, endedAt: Date.now() };
  } finally {
    await pulumi(["cancel", "--yes"]);
    await pulumi(["destroy", "--yes", "--skip-preview"]);
    await rm(join(program, `Pulumi.${stack}.yaml`), { force: true });
  }
}

test("a first up with one slot ends well where the bucket reaches the engine last", async () => {
  const done = await firstUp("late-bucket", 60_000);
  expect(done, done.output).toMatchObject({ hangs: false, exitCode: 0 });
});

test("a refused bucket ends up within 10 s, with Amazon's reason", async () => {
  const { hostname, port } = new URL(moto?.endpoint ?? "");
  let refusedAt: number | undefined;
  const door = createServer((request, response) => {
    if (request.method === "PUT" && request.url?.startsWith("/artifacts-bucket-")) {
      refusedAt ??= Date.now();
      response.writeHead(403, { "content-type": "application/xml" });
      response.end("<Error><Code>AccessDenied</Code><Message>the account may not create buckets</Message></Error>");
      return;
    }
    const { method, url: path, headers } = request;
    const asked = httpRequest({ hostname, port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    asked.on("error", () => response.destroy());
    request.pipe(asked);
  });
  await new Promise<void>((listening) => door.listen(0, "127.0.0.1", listening));
  try {
    const address = door.address();
    const endpoint = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
    const done = await firstUp("refused-bucket", 60_000, endpoint);
    expect(done, done.output).toMatchObject({ hangs: false, exitCode: 1 });
    expect(done.output).toContain("the account may not create buckets");
    expect(done.endedAt - (refusedAt ?? 0)).toBeLessThan(10_000);
  } finally {
    door.closeAllConnections();
    door.close();
  }
});
