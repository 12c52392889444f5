import { copyFile, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { prepareRehearsal, type Rehearsal } from "../rehearsal/rehearsal";
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

describe("a stack of one's own beside the rehearsal", () => {
  let rehearsal: Rehearsal;
  const file = () => join(rehearsal.home, "Pulumi.mine.yaml");

  beforeAll(async () => {
    rehearsal = await prepareRehearsal({ home: inject("rehearsalHome"), log: () => undefined });
  });

  const init = (answers: Record<string, string>) =>
    execa(
      "npm",
      [
        "run",
        "--silent",
        "init",
        "--",
        "mine",
        "--config-file",
        file(),
        ...Object.entries(answers).flatMap(([path, value]) => ["--set", `${path}=${value}`]),
      ],
      {
        env: { ...rehearsal.environment, REHEARSAL_DATABASE_CA: rehearsal.databaseAuthority },
        reject: false,
        all: true,
        stdin: "ignore",
      },
    );

  test("is made by one command, which names every answer that is missing and ends with a preview", async () => {
    const missing = await init({ "network.cidrBlock": "10.0.0.0/8" });
    expect(missing.exitCode, missing.all).toBe(2);
    for (const path of ["network.publicName", "app.repository", "contacts.team.lead.name", "contacts.team.lead.email"])
      expect(missing.all).toContain(`Remedy: --set ${path}=VALUE`);
    expect(missing.all).toContain(
      "network.cidrBlock (Address range of the stack's network, a /16 of its own): must be a /16",
    );
    await expect(stat(file())).rejects.toThrow("ENOENT");

    const made = await init({
      "network.publicName": "mine.prompt-library.example",
      "app.repository": rehearsal.repository,
      "contacts.team.lead.name": "Ada",
      "contacts.team.lead.email": "ada@prompt-library.example",
    });
    expect(made.exitCode, made.all).toBe(0);
    expect(made.all).toMatch(/\+ \d\d to create/);
    expect(made.all).toContain("ready: pulumi up --stack mine");

    const again = await init({});
    expect(again.exitCode, again.all).toBe(0);
    expect(again.all).not.toMatch(/^init {2}(set|created)/m);
  }, 600_000);
});
