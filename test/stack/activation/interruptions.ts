import { readFile } from "node:fs/promises";
import { EC2Client, RebootInstancesCommand } from "@aws-sdk/client-ec2";
import { execa, type ResultPromise } from "execa";
import { expect, test } from "vitest";
import type { StepInput } from "../../../infra/context/input";
import type { Pair } from "../../../infra/core/compatibility";
import { type Phase, phases } from "../../../infra/core/phases";
import { eventually } from "../../app/supervised";
import type { Pulumi } from "../../rehearsal/pulumi";
import type { Rehearsal } from "../../rehearsal/rehearsal";
import { type Load, startLoad } from "../../steady-load";
import { asOwner } from "../as-owner";
import { deploy, latestReport, log, servingRelease } from "../deployed";
import { onHost } from "../steps";
import { healthOf, type Suite } from "./suite";

/** One rollout each, disturbed in every phase, one after the other: to whichever of these does not serve. Either way the schema changes too. */
const [older, newer]: [Pair, Pair] = [
  { release: "v1.1.0", schemaVersion: 1 },
  { release: "v1.2.0", schemaVersion: 2 },
];
const both = [older.release, newer.release];

export function interruptionCases(suite: Suite): void {
  test("program and engine killed in every phase: after each, cancel and a plain up go on, the last ends right, and no request fails", async () => {
    const { rehearsal, input } = suite();
    const target = (await servingRelease(rehearsal)) === older.release ? newer : older;
    const load = asking(input);
    try {
      await disturbed(rehearsal, target, async (run) => {
        await killAll(run.pid);
        await run.ended;
        const cancelled = await rehearsal.pulumi.capture("cancel", "--yes");
        expect(cancelled.exitCode, cancelled.output).toBe(0);
        // What was begun on the host continues to its end there.
        await eventually(() => oneWholeRelease(input), { deadlineMs: 30_000 });
      });
      await endsRight(rehearsal, input, target);
    } finally {
      await noneFailed(load);
    }
  });

  test("the connection to the host cut in every phase: the run goes on or a plain up does, ends right, and no request fails", async () => {
    const { rehearsal, input } = suite();
    const target = (await servingRelease(rehearsal)) === older.release ? newer : older;
    const load = asking(input);
    const looked: Promise<unknown>[] = [];
    try {
      const said = await disturbed(rehearsal, target, async () => {
        await cutConnection(input);
        looked.push(eventually(() => oneWholeRelease(input), { deadlineMs: 60_000 }));
      });
      await Promise.all(looked);
      expect(said).toMatch(/the connection was lost during|was not reached for|Connection terminated/);
      await endsRight(rehearsal, input, target);
    } finally {
      await Promise.allSettled(looked);
      await noneFailed(load);
    }
  });

  test("the host rebooted in every phase: it comes back with one whole release each time, and a plain up ends right", async () => {
    const { rehearsal, input } = suite();
    const target = (await servingRelease(rehearsal)) === older.release ? newer : older;
    const load = asking(input);
    const outages: { fromMs: number; toMs: number }[] = [];
    try {
      await disturbed(rehearsal, target, async () => {
        const fromMs = load.elapsedMs();
        await new EC2Client(asOwner).send(new RebootInstancesCommand({ InstanceIds: [input.host.id] }));
        await eventually(() => servingRelease(rehearsal), { deadlineMs: 60_000 });
        outages.push({ fromMs, toMs: load.elapsedMs() });
        await eventually(() => oneWholeRelease(input), { deadlineMs: 60_000 });
      });
      await endsRight(rehearsal, input, target);
    } finally {
      const { asked, failedAtMs, byRelease } = await load.end();
      log(
        `${asked} requests, ${failedAtMs.length} while the host was down: ${outages.map(({ fromMs, toMs }) => `${Math.round(toMs - fromMs)} ms`).join(", ")}`,
      );
      expect(Object.keys(byRelease).filter((release) => !both.includes(release))).toEqual([]);
      // One that was asked just before may have been in flight.
      expect(failedAtMs.filter((ms) => !outages.some(({ fromMs, toMs }) => ms > fromMs - 1_000 && ms < toMs))).toEqual(
        [],
      );
    }
  });
}

/** Five requests a second from here on, each over a connection of its own. */
function asking(input: StepInput): Load {
  return startLoad({ ...healthOf(input), perSecond: 5, keepAlive: false });
}

async function noneFailed(load: Load): Promise<void> {
  const { asked, failed, byRelease, slowestMs } = await load.end();
  log(`${asked} requests, ${failed.length} failed, the slowest took ${slowestMs} ms: ${JSON.stringify(byRelease)}`);
  expect(failed).toEqual([]);
  expect(Object.keys(byRelease).filter((release) => !both.includes(release))).toEqual([]);
}

/** How often a run may end before a phase begins, before that is an error. */
const patience = 3;

/**
 * Deploys, and does something as soon as each phase has spoken: by then it works on host or database. Each run continues where the last
 * one ended. @returns what all of them said
 */
async function disturbed(
  rehearsal: Rehearsal,
  to: Pair,
  disturb: (run: Run, phase: Phase) => Promise<void>,
): Promise<string> {
  await rehearsal.pulumi.setConfig("release", to.release);
  await rehearsal.pulumi.setConfig("schemaVersion", String(to.schemaVersion));
  const startedAt = Date.now();
  let run = new Run(rehearsal.pulumi);
  const runs = [run];
  for (const phase of phases) {
    for (let tries = 1; !(await run.reaches(phase)); tries += 1) {
      if (tries > patience) throw new Error(`no run reached ${phase}; the last one said: ${run.said.slice(-3_000)}`);
      run = new Run(rehearsal.pulumi);
      runs.push(run);
    }
    log(`${Math.round((Date.now() - startedAt) / 1000)} s: disturbing ${phase}`);
    await disturb(run, phase);
  }
  await run.ended;
  return runs.map(({ said }) => said).join("\n");
}

/** A `pulumi up`, as from an operator's shell. */
class Run {
  said = "";
  readonly ended: Promise<unknown>;
  readonly #engine: ResultPromise<{ all: true; reject: false; stdin: "ignore" }>;
  #isOver = false;

  constructor({ options: { stack, configFile, environment } }: Pulumi) {
    this.#engine = execa(
      "pulumi",
      [
        "up",
        "--yes",
        "--skip-preview",
        "--color",
        "never",
        "--non-interactive",
        "--stack",
        stack,
        "--config-file",
        configFile,
      ],
      {
        env: { ...environment, DEPLOYMENT_PROGRESS: "all" },
        all: true,
        reject: false,
        stdin: "ignore",
      },
    );
    this.#engine.all.on("data", (chunk: Buffer) => (this.said += chunk.toString()));
    this.ended = this.#engine.then(() => (this.#isOver = true));
  }

  get pid(): number {
    return this.#engine.pid ?? 0;
  }

  /** Waits for the phase's own first words, which are its last where it had nothing to do; false where the run ends before. */
  async reaches(phase: Phase): Promise<boolean> {
    const words = new RegExp(`-${phase} (?:creat|updat)(?:ing|ed)[^\\n]*${phase} +[\\d.]+ s`);
    const look = async () => {
      if (!words.test(this.said)) throw new Error(`nothing of ${phase} yet: ${this.said.slice(-3_000)}`);
      return true;
    };
    return eventually(look, { deadlineMs: 300_000, isOver: () => this.#isOver }).catch((error: unknown) => {
      if (this.#isOver) return words.test(this.said);
      throw error;
    });
  }
}

/** As a machine that loses power: engine, program, plugins and steps at once, each by its id. */
async function killAll(pid: number): Promise<void> {
  for (const id of await family(pid)) {
    try {
      process.kill(id, "SIGKILL");
    } catch {
      // It had ended already.
    }
  }
}

async function family(pid: number): Promise<number[]> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => ""))
    .trim()
    .split(" ")
    .filter(Boolean)
    .map(Number);
  return [pid, ...(await Promise.all(children.map(family))).flat()];
}

/** Every connection to sshd is reset, those that carry the database too, and for some seconds none is made. */
async function cutConnection(input: StepInput): Promise<void> {
  await onHost(
    input,
    `systemd-run --quiet --collect --on-active=3 --timer-property=AccuracySec=100ms nft delete table inet cut
systemd-run --quiet --collect sh -c 'nft "add table inet cut; add chain inet cut input { type filter hook input priority -10; policy accept; }; add rule inet cut input tcp dport 22 reject with tcp reset"; ss -K sport = :22'`,
  ).catch(() => undefined);
  await expect(onHost(input, "true")).rejects.toThrow("was not reached");
}

/** Which slot files, proxy and systemd speak of, and what its backend says; all of them must agree. Forgets what was asked so far: the application counts it. */
async function oneWholeRelease(input: StepInput): Promise<{ slot: string; release: string }> {
  const printed = await onHost(
    input,
    `slot=$(basename "$(readlink /srv/prompt-library/current)")
test -e "/srv/prompt-library/current/frontend/index.html"
echo "$slot"
echo 'show stat' | socat -t 5 - /run/haproxy/admin.sock | awk -F, '$1 == "slots" && ($2 == "blue" || $2 == "green") && ($18 == "no check" || $18 == "UP") { print $2 }'
curl -sf -m 5 http://127.0.0.1:8000/api/system/health | jq -r .version
jq -r .release "/var/lib/prompt-library/$slot.json"
redis-cli --scan --pattern 'rate:*' | xargs -r redis-cli del >/dev/null`,
  );
  const [slot = "", proxied, release = "", recorded] = printed.split("\n");
  expect(proxied).toBe(slot);
  expect(release).toBe(recorded);
  expect(both).toContain(release);
  return { slot, release };
}

async function endsRight(rehearsal: Rehearsal, input: StepInput, { release, schemaVersion }: Pair): Promise<void> {
  const done = await deploy(rehearsal, release, schemaVersion);
  expect(done.exitCode, done.output).toBe(0);
  expect(await servingRelease(rehearsal)).toBe(release);
  expect((await latestReport()).state).toBe("good");
  expect((await oneWholeRelease(input)).release).toBe(release);
  expect(
    await onHost(
      input,
      "systemctl list-units --no-legend --state=active 'prompt-library-backend@*' | wc -l; ls /var/lib/prompt-library/activation.json 2>/dev/null || true",
    ),
  ).toBe("1");
}
