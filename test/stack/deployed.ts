import { readdir, readFile } from "node:fs/promises";
import { request } from "node:https";
import { join } from "node:path";
import { expect, inject } from "vitest";
import type { Report } from "../../infra/report/shape";
import { variantNames } from "../app/repository";
import { prepareRehearsal, type Rehearsal } from "../rehearsal/rehearsal";

export const stack = "spine";
export const log = (line: string) => void process.stderr.write(`${line}\n`);

/** The stack tests' cloud and stack, as they are; nothing is deployed by this. Every variant is a release `v1.2.0-NAME`. */
export async function testRehearsal(): Promise<Rehearsal> {
  return prepareRehearsal({ stack, home: inject("rehearsalHome"), variants: await variantNames(), log });
}

export type Deployment = { exitCode: number; output: string };

/** Sets a stack's config and runs `pulumi up`. */
export async function deploy(
  rehearsal: Rehearsal,
  release: string,
  schemaVersion: number,
  config: Record<string, string> = {},
): Promise<Deployment> {
  for (const [key, value] of Object.entries({ release, schemaVersion: String(schemaVersion), ...config }))
    await rehearsal.pulumi.setConfig(key, value);
  const done = await rehearsal.pulumi.capture("up", "--yes", "--skip-preview", "--color", "never");
  log(done.output.split("\n").slice(-60).join("\n"));
  return done;
}

/** The stack serving that release at that schema, whatever the test before left; seconds where it does already. */
export async function deployed(
  release: string,
  schemaVersion: number,
  config: Record<string, string> = {},
): Promise<Rehearsal> {
  const rehearsal = await testRehearsal();
  const done = await deploy(rehearsal, release, schemaVersion, config);
  expect(done.exitCode, done.output).toBe(0);
  return rehearsal;
}

/** What the public address answers; the certificate is the rehearsal's own. */
export function ask(address: string, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: address, port: 443, path, rejectUnauthorized: false, agent: false, timeout: 10_000 },
      (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      },
    );
    asked.on("timeout", () => asked.destroy(new Error("no answer within 10 s")));
    asked.on("error", reject);
    asked.end();
  });
}

export async function servingRelease(rehearsal: Rehearsal): Promise<string> {
  const { status, body } = await ask(await rehearsal.pulumi.output("address"), "/api/system/health");
  expect(status).toBe(200);
  return (JSON.parse(body) as { version: string }).version;
}

/** Asks for health all the time while something runs, and gives every answer that was not 200 by one of the releases. */
export async function whileAsking(
  rehearsal: Rehearsal,
  releases: readonly string[],
  work: () => Promise<void>,
): Promise<{ asked: number; wrong: string[] }> {
  const address = await rehearsal.pulumi.output("address");
  const wrong: string[] = [];
  let asked = 0;
  let isOver = false;
  const asking = (async () => {
    while (!isOver) {
      asked += 1;
      const answer = await ask(address, "/api/system/health").catch((error: unknown) => ({
        status: 0,
        body: String(error),
      }));
      if (answer.status !== 200 || !releases.some((release) => answer.body.includes(`"${release}"`)))
        wrong.push(`${answer.status} ${answer.body.slice(0, 200)}`);
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

/** The newest report of the tests' stack. */
export async function latestReport(): Promise<Report> {
  const directory = join("reports", stack);
  const files = (await readdir(directory)).filter((file) => file.endsWith(".json")).sort();
  return (JSON.parse(await readFile(join(directory, files.at(-1) ?? ""), "utf8")) as { report: Report }).report;
}

export function resultOf(report: Report, id: string): string | undefined {
  return report.boxes.find((box) => box.id === id)?.result;
}
