import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type PlainMoto, startPlainMoto } from "../toolchain/plain-moto";
import { setupToolchain } from "../toolchain/setup";

const program = resolve("test/toolchain/every-resource");
let directory = "";
let moto: PlainMoto | undefined;
let environment: Record<string, string> = {};

beforeAll(async () => {
  const toolchain = await setupToolchain();
  directory = await mkdtemp(join(tmpdir(), "every-resource-"));
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

async function pulumi(...args: string[]): Promise<{ exitCode: number | undefined; output: string }> {
  const words = [...args, "--non-interactive", "--color", "never"];
  const done = await execa("pulumi", words, {
    cwd: program,
    env: environment,
    reject: false,
    all: true,
    stdin: "ignore",
    timeout: 200_000,
  });
  return { exitCode: done.exitCode, output: done.all };
}

/** What is left of the processes that this toolchain's plugins started for this endpoint. */
async function providersLeft(): Promise<string[]> {
  const found = await execa(
    "sh",
    ["-c", `grep -lzxF "AWS_ENDPOINT_URL=${moto?.endpoint}" /proc/[0-9]*/environ 2>/dev/null`],
    {
      reject: false,
    },
  );
  const left: string[] = [];
  for (const file of found.stdout.split("\n").filter(Boolean)) {
    const command = await execa("tr", ["\\0", " "], { inputFile: file.replace("environ", "cmdline"), reject: false });
    if (command.stdout.includes("terraform-provider-aws")) left.push(command.stdout);
  }
  return left;
}

test("every type of resource comes up, stays as it is, and goes", async () => {
  const stack = ["--stack", "every"];
  const initialised = await execa("pulumi", ["stack", "init", "every", "--no-select", "--non-interactive"], {
    cwd: program,
    env: environment,
    reject: false,
    all: true,
  });
  expect(initialised.exitCode, initialised.all).toBe(0);
  try {
    const up = await pulumi("up", "--yes", "--skip-preview", ...stack);
    expect(up.exitCode, up.output).toBe(0);
    expect(up.output).toMatch(/Resources:\n\s+\+ \d\d created\n/);
    // What a step prints reaches the program; the version of the command plugin is the only thing warned of.
    const printed = await pulumi("stack", "output", "stepPrinted", "--show-secrets", ...stack);
    expect(printed.output).toContain("plain 24");

    const again = await pulumi("up", "--yes", "--skip-preview", "--expect-no-changes", "--diff", ...stack);
    expect(again.exitCode, again.output).toBe(0);
    const preview = await pulumi("preview", "--expect-no-changes", "--diff", ...stack);
    expect(preview.exitCode, preview.output).toBe(0);
  } finally {
    const destroyed = await pulumi("destroy", "--yes", "--skip-preview", ...stack);
    await rm(join(program, "Pulumi.every.yaml"), { force: true });
    expect(destroyed.exitCode, destroyed.output).toBe(0);
  }
  const left = await pulumi("stack", "export", ...stack);
  expect(left.output).not.toContain('"type": "aws:');
  expect(await providersLeft()).toEqual([]);
});
