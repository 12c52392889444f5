import { EC2Client, RebootInstancesCommand } from "@aws-sdk/client-ec2";
import { readFile } from "node:fs/promises";
import { execa } from "execa";
import { expect, test } from "vitest";
import { type Phase, phases } from "../../../infra/rollout/phases";
import type { StepInput } from "../../../infra/steps/input";
import type { Rehearsal } from "../../rehearsal/rehearsal";
import { eventually } from "../../app/supervised";
import { deploy, latestReport, servingRelease } from "../deployed";
import { onHost } from "../steps";
import type { Suite } from "./suite";

/** All phases take half an hour; a sample that matters is looked at each time. */
const isAll = process.env.STACK_TEST_ALL === "1";
const killed: readonly Phase[] = isAll ? phases : ["stage", "activate"];
const rebooted: readonly Phase[] = isAll ? phases : ["activate"];

/** Whichever of these two serves, the other one is deployed, so that every case has something to change. */
const pair = { "v1.1.0": "v1.2.0", "v1.2.0": "v1.1.0" } as const;

export function interruptionCases(suite: Suite): void {
  test.each(killed)("program and engine killed in %s: cancel and a plain up end right", async (phase) => {
    const { rehearsal, input } = suite();
    const target = await other(rehearsal);
    await during(rehearsal, phase, target, killAll);
    expect((await oneWholeRelease(input)).release).toMatch(/^v1\.[12]\.0$/);
    const cancelled = await rehearsal.pulumi.capture("cancel", "--yes");
    expect(cancelled.exitCode, cancelled.output).toBe(0);
    await endsRight(rehearsal, input, target);
  });

  test.each(rebooted)("the host rebooted in %s comes back with one whole release, and a plain up ends right", async (phase) => {
    const { rehearsal, input } = suite();
    const target = await other(rehearsal);
    await during(rehearsal, phase, target, async (engine) => {
      await new EC2Client({}).send(new RebootInstancesCommand({ InstanceIds: [input.host.id] }));
      await eventually(() => oneWholeRelease(input), { deadlineMs: 60_000 });
      await engine;
    });
    await endsRight(rehearsal, input, target);
  });
}

async function other(rehearsal: Rehearsal): Promise<string> {
  const now = await servingRelease(rehearsal);
  return pair[now as keyof typeof pair] ?? "v1.2.0";
}

/** Sets the release, starts `pulumi up`, and does something to it once a phase has begun. */
async function during(rehearsal: Rehearsal, phase: Phase, release: string, disturb: (engine: Promise<unknown>, pid: number) => Promise<void>): Promise<void> {
  const { stack, configFile, environment } = rehearsal.pulumi.options;
  await rehearsal.pulumi.setConfig("release", release);
  const engine = execa("pulumi", ["up", "--yes", "--skip-preview", "--color", "never", "--non-interactive", "--stack", stack, "--config-file", configFile], {
    env: environment,
    all: true,
    reject: false,
    stdin: "ignore",
  });
  let said = "";
  await new Promise<void>((resolve, reject) => {
    engine.all.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      // The step's own first words: by then it works on the host.
      if (new RegExp(`-${phase} creating[^\\n]*${phase}  \\d+ s`).test(said)) resolve();
    });
    void engine.then(() => reject(new Error(`the run ended before ${phase} said anything: ${said.slice(-3_000)}`)));
  });
  await disturb(engine, engine.pid ?? 0);
  await engine;
}

/** As a machine that loses power: engine, program, plugins and steps at once, each by its id. */
async function killAll(_engine: Promise<unknown>, pid: number): Promise<void> {
  for (const id of await family(pid)) {
    try {
      process.kill(id, "SIGKILL");
    } catch {
      // It had ended already.
    }
  }
}

async function family(pid: number): Promise<number[]> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "")).trim().split(" ").filter(Boolean).map(Number);
  return [pid, ...(await Promise.all(children.map(family))).flat()];
}

/** Which slot files, proxy and systemd speak of, and what its backend says; all of them must agree. */
async function oneWholeRelease(input: StepInput): Promise<{ slot: string; release: string }> {
  const printed = await onHost(
    input,
    `slot=$(basename "$(readlink /srv/prompt-library/current)")
test -e "/srv/prompt-library/current/frontend/index.html"
echo "$slot"
echo 'show stat' | socat -t 5 - /run/haproxy/admin.sock | awk -F, '$1 == "slots" && ($2 == "blue" || $2 == "green") && ($18 == "no check" || $18 == "UP") { print $2 }'
curl -sf -m 5 http://127.0.0.1:8000/api/system/health | jq -r .version
jq -r .release "/var/lib/prompt-library/$slot.json"`,
  );
  const [slot = "", proxied, release = "", recorded] = printed.split("\n");
  expect(proxied).toBe(slot);
  expect(release).toBe(recorded);
  return { slot, release };
}

async function endsRight(rehearsal: Rehearsal, input: StepInput, release: string): Promise<void> {
  const done = await deploy(rehearsal, release, 2);
  expect(done.exitCode, done.output).toBe(0);
  expect(await servingRelease(rehearsal)).toBe(release);
  expect((await latestReport()).state).toBe("good");
  expect((await oneWholeRelease(input)).release).toBe(release);
  expect(await onHost(input, "systemctl list-units --no-legend --state=active 'prompt-library-backend@*' | wc -l; ls /var/lib/prompt-library/activation.json 2>/dev/null || true")).toBe("1");
}
