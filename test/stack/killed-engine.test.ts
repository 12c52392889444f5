import { spawn } from "node:child_process";
import { once } from "node:events";
import { execa } from "execa";
import { afterAll, expect, test } from "vitest";
import { stackInput } from "../../infra/cli/stack-input";
import { pendingOf, readStackState } from "../../infra/cli/stack-state";
import { openContext } from "../../infra/context/context";
import { withClient } from "../../infra/context/database-connection";
import { schemaState } from "../../infra/database/migrations";
import type { Rehearsal } from "../rehearsal/rehearsal";
import { until } from "./cloud-fixture";
import { deploy, deployed, stack } from "./deployed";

afterAll(async () => void (await deployed("v1.1.0", 1)));

/** `pulumi up` in a process group of its own, as from an operator's shell. */
function startUp({ pulumi: { options } }: Rehearsal) {
  const words = [
    "up",
    "--yes",
    "--skip-preview",
    "--color",
    "never",
    "--non-interactive",
    "--stack",
    options.stack,
    "--config-file",
    options.configFile,
  ];
  const engine = spawn("pulumi", words, {
    env: { ...process.env, ...options.environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { output: "" };
  for (const stream of [engine.stdout, engine.stderr])
    stream.on("data", (chunk: Buffer) => (said.output += chunk.toString()));
  return { engine, said, ended: once(engine, "close") };
}

test("an operator sees whom a migration waits for; killed there with the engine, pulumi cancel and a plain re-run end with the right schema", async () => {
  const rehearsal = await deployed("v1.1.0", 1);
  const context = openContext("schemaUp", await stackInput(stack), new Date());
  const reader = await context.connect("app");
  try {
    await reader.query("SET application_name = 'nightly-report'");
    await reader.query("BEGIN");
    await reader.query("SELECT count(*) FROM connections WHERE name = 'what-a-user-typed'");
    await rehearsal.pulumi.setConfig("release", "v1.2.0");
    await rehearsal.pulumi.setConfig("schemaVersion", "2");
    const up = startUp(rehearsal);
    const waits =
      /gave way to session \d+ \(nightly-report as prompt_library_app\), idle in transaction for [\d.]+ s; again in \d+ ms/;
    await until(
      "the migration that waits for the reader",
      300_000,
      async () => waits.test(up.said.output) || up.engine.exitCode !== null,
    );
    expect(up.said.output).toMatch(waits);
    expect(up.said.output).not.toContain("what-a-user-typed");
    up.engine.kill("SIGKILL");
    await up.ended;

    await reader.query("COMMIT");
    const locked = await deploy(rehearsal, "v1.2.0", 2);
    expect(locked.exitCode).not.toBe(0);
    expect(locked.output).toMatch(/locked by|pulumi cancel/);
    const { options } = rehearsal.pulumi;
    await execa("pulumi", ["cancel", "--yes", "--stack", options.stack], { env: options.environment });
    const again = await deploy(rehearsal, "v1.2.0", 2);
    expect(again.exitCode, again.output).toBe(0);
    expect(await withClient(context.connect("owner"), schemaState)).toEqual({ version: 2 });

    // A phase is updated in place, and Pulumi forgets an update that was cut once the next one has ended.
    expect(pendingOf(await readStackState(stack))).toEqual([]);
    expect((await rehearsal.pulumi.capture("preview", "--expect-no-changes")).exitCode).toBe(0);
  } finally {
    await reader.end();
    await context.host.close();
  }
});
