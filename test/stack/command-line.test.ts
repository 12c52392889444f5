import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { setupToolchain } from "../toolchain/setup";

let home = "";
let environment: Record<string, string> = {};

beforeAll(async () => {
  const toolchain = await setupToolchain();
  home = await mkdtemp(join(tmpdir(), "command-line-"));
  environment = {
    ...toolchain.environment,
    PULUMI_BACKEND_URL: `file://${home}`,
    PULUMI_CONFIG_PASSPHRASE: "only for this test",
  };
  await copyFile("Pulumi.yaml", join(home, "Pulumi.yaml"));
});

afterAll(async () => rm(home, { recursive: true, force: true }));

async function run(command: string, ...args: string[]) {
  const startedAt = Date.now();
  const done = await execa(command, args, { env: environment, reject: false, all: true, stdin: "ignore" });
  return { exitCode: done.exitCode, output: String(done.all), seconds: (Date.now() - startedAt) / 1000 };
}

describe("a stack's file with wrong settings", () => {
  const file = () => join(home, "Pulumi.wrong.yaml");

  beforeAll(async () => {
    const made = await execa("pulumi", ["stack", "init", "wrong", "--non-interactive"], {
      cwd: home,
      env: environment,
    });
    expect(made.exitCode).toBe(0);
    const salt = await readFile(file(), "utf8");
    await writeFile(file(), `${salt}${await readFile("Pulumi.staging.yaml", "utf8")}`);
  });

  test("is refused within seconds, each problem once and without a stack", async () => {
    const options = ["--non-interactive", "--color", "never", "--stack", "wrong", "--config-file", file()];
    const { exitCode, output, seconds } = await run("pulumi", "preview", ...options);
    expect(exitCode).not.toBe(0);
    expect(output.match(/contacts\.team\.lead\.name must be filled in/g)).toHaveLength(1);
    expect(output).not.toMatch(/^\s+at .*:\d+/m);
    expect(output).not.toContain("unhandled exception");
    // 2 s where nothing else runs; the stack alone took more than 20.
    expect(seconds).toBeLessThan(12);
  });
});
