import { cp, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Phase, phases } from "../../infra/core/phases";
import { setupToolchain } from "../toolchain/setup";

const program = resolve("test/stack/rollout-program");
let directory = "";
let environment: Record<string, string> = {};

async function pulumi(...args: string[]): Promise<{ exitCode: number; output: string }> {
  const done = await execa("pulumi", [...args, "--non-interactive", "--color", "never"], {
    cwd: program,
    env: environment,
    reject: false,
    all: true,
  });
  return { exitCode: done.exitCode ?? 1, output: String(done.all) };
}

/** Deploys and gives what ran, each as `PHASE RELEASE SCHEMA`. */
async function up(release: string, schemaVersion: number, failAt: Phase | "nowhere" = "nowhere") {
  await writeFile(join(directory, "log"), "");
  await writeFile(join(directory, "fail-at"), failAt);
  await writeFile(file(), configOf(release, schemaVersion));
  const done = await pulumi("up", "--yes", "--skip-preview", "--stack", "order", "--config-file", file());
  const ran = (await readFile(join(directory, "log"), "utf8")).split("\n").filter((row) => row !== "");
  return { ...done, ran };
}

const file = () => join(directory, "Pulumi.order.yaml");

const configOf = (release: string, schemaVersion: number) =>
  `encryptionsalt: ${salt}\nconfig:\n  rollout-order:release: ${release}\n  rollout-order:schemaVersion: "${schemaVersion}"\n`;

const all = (release: string, schemaVersion: number, from: Phase = "preflight", to: Phase = "evidence") =>
  phases.slice(phases.indexOf(from), phases.indexOf(to) + 1).map((phase) => `${phase} ${release} ${schemaVersion}`);

let salt = "";

beforeAll(async () => {
  const toolchain = await setupToolchain();
  directory = await mkdtemp(join(tmpdir(), "rollout-order-"));
  environment = {
    ...toolchain.environment,
    PULUMI_BACKEND_URL: `file://${directory}`,
    PULUMI_CONFIG_PASSPHRASE: "only for this test",
    ROLLOUT_LOG: join(directory, "log"),
    ROLLOUT_FAIL_AT: join(directory, "fail-at"),
  };
});

beforeEach(async () => {
  await rm(join(directory, ".pulumi"), { recursive: true, force: true });
  const made = await pulumi("stack", "init", "order");
  expect(made.output).toContain("Created stack");
  const file = join(program, "Pulumi.order.yaml");
  salt = /encryptionsalt: (\S+)/.exec(await readFile(file, "utf8"))?.[1] ?? "";
  await rm(file);
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe("what ran again makes everything after it run again", () => {
  test("a first deployment runs every phase, the same config again none", async () => {
    expect((await up("v1.1.0", 1)).ran).toEqual(all("v1.1.0", 1));
    const again = await up("v1.1.0", 1);
    expect(again.ran).toEqual([]);
    expect(again.output).toMatch(/unchanged/);
    expect(again.output).not.toMatch(/replaced|updated|created/);
  });

  test.each(phases)(
    "a failure in %s: the same config takes it up there, the prior config runs all of it again",
    async (failing) => {
      await up("v1.1.0", 1);
      const failed = await up("v1.2.0", 2, failing);
      expect(failed.exitCode).not.toBe(0);
      expect(failed.output).toContain(`${failing} was told to fail`);
      expect(failed.ran).toEqual(all("v1.2.0", 2, "preflight", failing));
      await cp(join(directory, ".pulumi"), join(directory, "as-it-failed"), { recursive: true });

      const again = await up("v1.2.0", 2);
      expect(again.output).not.toContain("error:");
      expect(again.ran).toEqual(all("v1.2.0", 2, failing));

      await rm(join(directory, ".pulumi"), { recursive: true });
      await rename(join(directory, "as-it-failed"), join(directory, ".pulumi"));
      const back = await up("v1.1.0", 1);
      expect(back.output).not.toContain("error:");
      // A preflight that failed changed nothing, and the state knows that; whatever came after it has to be made good.
      expect(back.ran).toEqual(failing === "preflight" ? [] : all("v1.1.0", 1));
      expect((await up("v1.1.0", 1)).ran).toEqual([]);
    },
  );

  test("a log tells of each phase once, in a few lines", async () => {
    await up("v1.1.0", 1);
    const { output } = await up("v1.2.0", 2);
    const rows = output.trim().split("\n");
    expect(rows.length, output).toBeLessThan(60);
    for (const phase of phases) {
      const told = rows.filter((row) => row.includes(`${phase} 0.1 s: v1.2.0 was recorded`));
      // Pulumi shows what a command says when it says it, and beside its end.
      expect(told.length, output).toBeLessThanOrEqual(2);
      expect(told.length, output).toBeGreaterThan(0);
    }
    expect(output).not.toMatch(/replac|deleting/);
  });

  test("a preview shows a reviewer what is deployed", async () => {
    await up("v1.1.0", 1);
    await writeFile(file(), configOf("v1.2.0", 2));
    const { output } = await pulumi("preview", "--diff", "--stack", "order", "--config-file", file());
    expect(output).toMatch(/DEPLOYMENT: "v1\.1\.0, schema 1" => "v1\.2\.0, schema 2"/);
  });

  test("nothing of the input stands in the state in the clear", async () => {
    await up("v1.1.0", 1);
    const { output } = await pulumi("stack", "export", "--stack", "order");
    expect(output).toContain("v1.1.0");
    expect(output).not.toContain("not-for-the-state");
  });
});
