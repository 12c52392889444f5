import { readFileSync } from "node:fs";
import { execa } from "execa";
import { describe, expect, test } from "vitest";

/** Which file a command of package.json runs, and with what before the operator's own words. */
const scripts = new Map(
  Object.entries(
    (JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> }).scripts,
  ).flatMap(([name, line]) => {
    const words = /tsx (?:--\S+ )?((?:infra\/cli|test\/\w+)\/main\.ts.*)$/.exec(line)?.[1];
    return words === undefined ? [] : [[name, words.split(" ")] as const];
  }),
);

function run(name: string, args: readonly string[], environment: Record<string, string> = {}) {
  return execa(process.execPath, ["--import", "tsx", ...(scripts.get(name) ?? []), ...args], {
    reject: false,
    stdin: "ignore",
    timeout: 30_000,
    env: { NODE_NO_WARNINGS: "1", ...environment },
  });
}

const known = [...scripts.keys()];

test("every command is one of the two programs' or of the tests' own", () => {
  expect(known.length).toBeGreaterThan(12);
});

test.concurrent.each(known)(
  "npm run %s shows its help and ends with 0",
  async (name) => {
    const { exitCode, stdout, stderr } = await run(name, ["--help"]);
    expect(stderr).toBe("");
    expect(stdout).toContain(`Usage: npm run ${name} -- `);
    expect(stdout).toContain("Exit codes: 0 fine, 1 the command found something, 2 wrong use or it could not look.");
    expect(exitCode).toBe(0);
  },
  60_000,
);

test("docs/operating.md names every command", () => {
  const text = readFileSync("docs/operating.md", "utf8");
  expect(known.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
});

describe("wrong use", () => {
  test.concurrent.each([
    ["rehearse", ["down"]],
    ["rehearse", ["--release", "v9"]],
    ["rehearse", ["--schema", "two"]],
    ["rehearse", ["--down", "--release", "v1.2.0"]],
    ["bench", []],
    ["bench", ["everything"]],
    ["cloud", ["begin"]],
    ["init", []],
    ["restore", ["staging"]],
    ["pair", ["staging", "--schema", "0"]],
    ["report", []],
    ["report", ["--verify"]],
    ["report", ["--render", "a.json"]],
    ["report", ["--verify", "no-such-report.json"]],
    ["verify", ["staging", "production"]],
  ] as const)(
    "npm run %s %j ends with 2 before anything happens",
    async (name, args) => {
      const { exitCode, stdout, stderr } = await run(name, args);
      expect(stdout).toBe("");
      expect(stderr).not.toMatch(/^\s+at /m);
      expect(exitCode, stderr).toBe(2);
    },
    60_000,
  );
});

test("where pulumi is not installed, a command says so and how to get it", async () => {
  const { exitCode, stderr } = await run("verify", ["staging"], { PATH: "/nonexistent" });
  expect(stderr).toContain("pulumi is not on PATH\nRemedy: install it (https://www.pulumi.com/docs/install/)");
  expect(exitCode).toBe(2);
}, 60_000);

test("a reader that leaves early is no error", async () => {
  const running = run("diagnose", ["--help"]);
  running.stdout.destroy();
  const { exitCode, stderr } = await running;
  expect(stderr).toBe("");
  expect(exitCode).toBe(0);
}, 60_000);
