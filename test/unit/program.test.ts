import { readFile } from "node:fs/promises";
import { afterEach, expect, test, vi } from "vitest";
import { mustRun, runProgram } from "../../infra/core/program";
import { environmentFor, type Program } from "../../infra/core/program-environment";

const before = { ...process.env };

afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
});

test("a program that does not end in time is ended with all that it started, and is not waited for", async () => {
  const startedAt = Date.now();
  const done = await runProgram("operator", ["-c", "echo begun; sleep 600 & echo $!; wait"], { timeoutMs: 500 });
  expect(Date.now() - startedAt).toBeLessThan(5_000);
  expect(done).toMatchObject({ exitCode: undefined, isLate: true, how: "did not end within 0.5 s" });
  const [begun, child] = done.stdout.split("\n");
  expect(begun).toBe("begun");
  // The kernel ends it when it gets its turn, and whoever has to reap it may not have done so yet.
  await vi.waitFor(
    async () => {
      const state = await readFile(`/proc/${child}/stat`, "utf8").catch(() => "gone");
      expect(state).toMatch(/^gone$|^\d+ \(sleep\) Z/);
    },
    { timeout: 5_000 },
  );
});

test("how a program ended is told with its own last words, but not what it printed for us", async () => {
  const words = ["-c", "echo canary; echo why >&2; exit 3"];
  await expect(mustRun("operator", words, { timeoutMs: 5_000 })).rejects.toThrow(/^operator exited with 3: why$/);
  expect(await runProgram("operator", ["-c", "kill -TERM $$"], { timeoutMs: 5_000 })).toMatchObject({
    exitCode: undefined,
    how: "was killed by SIGTERM",
  });
  process.env.PATH = "/nowhere";
  expect((await runProgram("git", ["version"], { timeoutMs: 5_000 })).how).toBe("could not be started (ENOENT)");
});

test("a program inherits what it needs and no secret", () => {
  const secrets = ["PULUMI_CONFIG", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_ACCESS_TOKEN"];
  const others = ["AWS_SECRET_ACCESS_KEY", "GIT_DIR", "GIT_CONFIG_PARAMETERS", "TAR_OPTIONS", "GZIP", "NODE_OPTIONS"];
  const wanted = ["HTTPS_PROXY", "https_proxy", "SSH_AUTH_SOCK", "GIT_SSH_COMMAND", "npm_config_registry", "LC_ALL"];
  for (const name of [...secrets, ...others, ...wanted]) process.env[name] = "set";
  const inherited = (program: Program) => {
    const environment = environmentFor(program);
    return [...secrets, ...others, ...wanted].filter((name) => name in environment);
  };
  expect(inherited("ssh")).toEqual(["LC_ALL"]);
  expect(inherited("tar")).toEqual(["LC_ALL"]);
  expect(inherited("chromium")).toEqual(["HTTPS_PROXY", "https_proxy", "LC_ALL"]);
  expect(inherited("build")).toEqual(["HTTPS_PROXY", "https_proxy", "npm_config_registry", "LC_ALL"]);
  const proxies = ["HTTPS_PROXY", "https_proxy"];
  expect(inherited("git")).toEqual(["AWS_SECRET_ACCESS_KEY", ...proxies, "SSH_AUTH_SOCK", "GIT_SSH_COMMAND", "LC_ALL"]);
  expect(inherited("operator")).toEqual([...others, ...wanted]);
  expect(inherited("pulumi")).toEqual([...secrets, ...others, ...wanted]);
});
