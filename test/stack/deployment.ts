import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { endRehearsal, prepareRehearsal, type Rehearsal } from "../rehearsal/rehearsal";

/** One deployment after the other on one local cloud, as a newcomer's rehearsal goes. */
let rehearsal: Rehearsal;
let home = "";
const log = (line: string) => void process.stderr.write(`${line}\n`);

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "deployment-test-"));
  rehearsal = await prepareRehearsal({ stack: "spine", home, variants: ["exits", "hangs", "leaky-admin"], log });
});

afterAll(async () => {
  await endRehearsal({ home, log });
  await rm(home, { recursive: true, force: true });
});

async function deploy(release: string, schemaVersion: number): Promise<{ exitCode: number; output: string }> {
  await rehearsal.pulumi.setConfig("release", release);
  await rehearsal.pulumi.setConfig("schemaVersion", String(schemaVersion));
  const done = await rehearsal.pulumi.capture("up", "--yes", "--skip-preview", "--color", "never");
  log(done.output.split("\n").slice(-60).join("\n"));
  return done;
}

/** What the public address answers; the certificate is the rehearsal's own. */
function ask(address: string, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: address, port: 443, path, rejectUnauthorized: false, agent: false, timeout: 10_000 }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    asked.on("timeout", () => asked.destroy(new Error("no answer within 10 s")));
    asked.on("error", reject);
    asked.end();
  });
}

async function servingRelease(): Promise<string> {
  const { status, body } = await ask(await rehearsal.pulumi.output("address"), "/api/system/health");
  expect(status).toBe(200);
  return (JSON.parse(body) as { version: string }).version;
}

/** Asks for health all the time while something goes on, and gives every answer that was not 200 by the release that serves. */
async function whileAsking(release: string, work: () => Promise<void>): Promise<{ asked: number; wrong: string[] }> {
  const address = await rehearsal.pulumi.output("address");
  const wrong: string[] = [];
  let asked = 0;
  let isOver = false;
  const asking = (async () => {
    while (!isOver) {
      asked += 1;
      const answer = await ask(address, "/api/system/health").catch((error: unknown) => ({ status: 0, body: String(error) }));
      if (answer.status !== 200 || !answer.body.includes(`"${release}"`)) wrong.push(`${answer.status} ${answer.body.slice(0, 200)}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  })();
  try {
    await work();
  } finally {
    isOver = true;
    await asking;
  }
  return { asked, wrong };
}

async function latestReport(): Promise<{ state: string; boxes: { id: string; result: string }[]; timeline: { phase: string; outcome: string }[] }> {
  const files = (await readdir("reports/spine")).filter((file) => file.endsWith(".json")).sort();
  return JSON.parse(await readFile(join("reports/spine", files.at(-1) ?? ""), "utf8"));
}

describe("from a bare machine to the next release and back", () => {
  test("a preview works before anything was deployed", async () => {
    const { exitCode, output } = await rehearsal.pulumi.capture("preview", "--color", "never");
    expect(output).toContain("to create");
    expect(exitCode).toBe(0);
  });

  test("v1.1.0 at schema 1 comes up, verified", async () => {
    const { exitCode } = await deploy("v1.1.0", 1);
    expect(exitCode).toBe(0);
    expect(await servingRelease()).toBe("v1.1.0");
    expect((await latestReport()).boxes.filter((box) => box.result === "failed")).toEqual([]);
  });

  test("the same again changes nothing, nor does a preview", async () => {
    const again = await deploy("v1.1.0", 1);
    expect(again.exitCode).toBe(0);
    expect(again.output).not.toMatch(/\d+ (created|updated|replaced|deleted|to create|to update|to replace)/);
    const preview = await rehearsal.pulumi.capture("preview", "--color", "never", "--expect-no-changes");
    expect(preview.exitCode).toBe(0);
  });

  test("v1.2.0 at schema 2 takes over", async () => {
    expect((await deploy("v1.2.0", 2)).exitCode).toBe(0);
    expect(await servingRelease()).toBe("v1.2.0");
    const report = await latestReport();
    expect(report.boxes.filter((box) => box.result === "failed")).toEqual([]);
    for (const id of ["MIG-2.1", "MIG-3.1", "APP-2.2", "SEC-1.2", "PRE-2.1"])
      expect(report.boxes.find((box) => box.id === id)).toMatchObject({ result: "passed" });
  });

  const broken: [string, string, RegExp, RegExp][] = [
    ["v1.2.0-exits", "stage", /ended by itself/, /journal: /],
    ["v1.2.0-hangs", "stage", /health did not answer 200 within 30 s/, /journal: /],
    ["v1.2.0-leaky-admin", "verify", /SEC-1\.3: .* answered 200, not 401 or 403/, /journal: /],
  ];
  test.each(broken)("%s is refused in %s, and the old release serves throughout", async (release, phase, reason, journal) => {
    const { asked, wrong } = await whileAsking("v1.2.0", async () => {
      const failed = await deploy(release, 2);
      expect(failed.exitCode).not.toBe(0);
      expect(failed.output).toMatch(reason);
      expect(failed.output).toMatch(journal);
      expect((await latestReport()).timeline.find((entry) => entry.phase === phase)).toMatchObject({ outcome: "failed" });
    });
    expect(wrong).toEqual([]);
    expect(asked).toBeGreaterThan(5);
  });

  test("trying a broken release again fails the same way; the prior config makes all of it good", async () => {
    const again = await deploy("v1.2.0-leaky-admin", 2);
    expect(again.exitCode).not.toBe(0);
    expect(again.output).toMatch(/SEC-1\.3/);
    expect((await deploy("v1.2.0", 2)).exitCode).toBe(0);
    expect(await servingRelease()).toBe("v1.2.0");
    expect((await latestReport()).state).toBe("good");
  });

  test("v1.1.0 at schema 1 again: back without a stop, the schema after the older release serves", async () => {
    expect((await deploy("v1.1.0", 1)).exitCode).toBe(0);
    expect(await servingRelease()).toBe("v1.1.0");
    const report = await latestReport();
    for (const id of ["RBK-1", "RBK-2", "RBK-3"]) expect(report.boxes.find((box) => box.id === id)).toMatchObject({ result: "passed" });
  });
});
