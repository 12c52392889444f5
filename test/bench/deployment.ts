import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { stackInput } from "../../infra/cli/stack-input";
import { openContext } from "../../infra/context/context";
import { readHostState } from "../../infra/context/host-state";
import type { StepContext } from "../../infra/context/step";
import type { Slot } from "../../infra/host/commands/paths";
import { otherSlot } from "../../infra/host/commands/paths";
import { confirm, drain, turn } from "../../infra/phases/activate/activation";
import { ensureRunning, slotBackends } from "../../infra/phases/slots/slots";
import { provideArtifact } from "../../infra/release/artifact/provide";
import { resolveRelease } from "../../infra/release/release";
import { backendSettings } from "../../infra/settings/application";
import { endRehearsal, prepareRehearsal, type Rehearsal } from "../rehearsal/rehearsal";
import { type LoadResult, startLoad, underLoad } from "../steady-load";
import { checklistsOwnWay } from "./checklists-own-way";
import { type BenchResult, benchResult, type Keep } from "./result";

export type DeploymentBenchOptions = {
  /** How often the rollback and the switch are timed. */
  count: number;
  say: (line: string) => void;
  keep: Keep;
  /** A rehearsal that is used again and stays; else one of its own that goes. */
  home?: string;
};

const perSecond = 200;
const [older, newer] = ["v1.1.0", "v1.2.0"] as const;

/** What the stack's bucket does not hold yet when the artifact is timed. */
const unbuilt = "v1.2.0-files";

/** Both releases run with it, so that going back is a matter of the application alone. */
const schemaVersion = 2;

/** On a deployed rehearsal of its own: requests during deployments, the rollback, a run that has nothing to do, the artifact. */
export async function bench(options: DeploymentBenchOptions): Promise<void> {
  const home = options.home ?? (await mkdtemp(join(tmpdir(), "bench-deployment-")));
  try {
    const rehearsal = await prepareRehearsal({ home, variants: ["files"], log: options.say });
    await liftRateLimit(rehearsal.pulumi.options.configFile);
    await deploy(rehearsal, older);
    await deploy(rehearsal, newer);
    for (const part of [underTraffic, wayBack, switches, nothingToDo, artifacts, withoutOverlap])
      options.keep(await part(rehearsal, options));
  } finally {
    if (options.home === undefined) {
      await endRehearsal({ home, log: options.say });
      await rm(home, { recursive: true, force: true });
    }
  }
}

/** A bench asks for more than one user may. Into the file itself: the command would make a number of it. */
async function liftRateLimit(configFile: string): Promise<void> {
  const stack = parse(await readFile(configFile, "utf8")) as { config: Record<string, { backend?: object }> };
  const app = stack.config["prompt-library:app"];
  if (app === undefined) throw new Error(`${configFile} holds no prompt-library:app`);
  app.backend = { ...app.backend, variables: { ...backendSettings.parse({}).variables, RATE_LIMIT_MAX: "100000000" } };
  await writeFile(configFile, stringify(stack));
}

async function choose(rehearsal: Rehearsal, release: string): Promise<void> {
  await rehearsal.pulumi.setConfig("release", release);
  await rehearsal.pulumi.setConfig("schemaVersion", String(schemaVersion));
}

async function up(rehearsal: Rehearsal): Promise<void> {
  const { exitCode, output } = await rehearsal.pulumi.capture("up", "--yes", "--skip-preview", "--color", "never");
  if (exitCode !== 0) throw new Error(`pulumi up failed:\n${output.slice(-3_000)}`);
}

async function deploy(rehearsal: Rehearsal, release: string): Promise<void> {
  await choose(rehearsal, release);
  await up(rehearsal);
}

async function contextOf(rehearsal: Rehearsal): Promise<StepContext> {
  return openContext("activate", await stackInput(rehearsal.pulumi.options.stack), new Date(), "bench");
}

/** A deployment and a rollback under a steady 200 requests a second, and the checklist's own way beside them. */
async function underTraffic(rehearsal: Rehearsal, { say }: DeploymentBenchOptions): Promise<BenchResult[]> {
  const context = await contextOf(rehearsal);
  const { host, settings } = context.input;
  const load = (keepAlive: boolean) => ({
    address: host.address,
    publicName: settings.network.publicName,
    path: settings.app.routes.health,
    perSecond,
    keepAlive,
  });
  const measured: [string, LoadResult][] = [];
  try {
    for (const keepAlive of [true, false]) {
      const kind = keepAlive ? "keep-alive" : "new-connections";
      for (const [what, release] of [
        ["rollback", older],
        ["deploy", newer],
      ] as const) {
        say(`${what} under ${perSecond} requests a second, ${kind}`);
        measured.push([`${what}-${kind}`, await underLoad(load(keepAlive), () => deploy(rehearsal, release))]);
      }
    }
    say("the checklist's own way under the same load: stop, npm ci, build, start");
    measured.push(["checklist", await underLoad(load(true), () => checklistsOwnWay(context, newer))]);
  } finally {
    await context.host.close();
  }
  const [, checklist] = measured.at(-1)!;
  return measured.flatMap(([name, result]) => {
    const beside =
      name === "checklist"
        ? `of ${result.asked}`
        : `of ${result.asked}; ${checklist.failed.length} of ${checklist.asked} the checklist's own way`;
    return [
      benchResult(`failed-requests-${name}`, result.failed.length, "requests", beside),
      benchResult(`slowest-request-${name}-ms`, result.slowestMs, "ms", `p99 ${result.p99Ms} ms`),
      benchResult(
        `outage-${name}-ms`,
        result.longestGapMs,
        "ms",
        name === "checklist"
          ? "the longest time without a good answer; HAProxy holds requests that nginx alone would refuse"
          : "the longest time without a good answer",
      ),
    ];
  });
}

/** From `pulumi up` with the prior config to its release answering under the public address. */
async function wayBack(rehearsal: Rehearsal, { count, say }: DeploymentBenchOptions): Promise<BenchResult[]> {
  const { host, settings } = await stackInput(rehearsal.pulumi.options.stack);
  const times: number[] = [];
  for (let run = 0; run < count; run += 1) {
    const release = run % 2 === 0 ? older : newer;
    await choose(rehearsal, release);
    const load = startLoad({
      address: host.address,
      publicName: settings.network.publicName,
      path: settings.app.routes.health,
      perSecond: 20,
      keepAlive: true,
    });
    await up(rehearsal);
    const { firstMsByRelease } = await load.end();
    const served = firstMsByRelease[release];
    if (served === undefined) throw new Error(`${release} was not seen to serve`);
    times.push(served);
    say(`back ${run + 1} of ${count}: ${(served / 1000).toFixed(1)} s`);
  }
  return [percentile("up-back", times, 0.5, "s"), percentile("up-back", times, 0.95, "s")];
}

/** The turn alone, both releases up: from the command on this machine to the first answer of the other release. */
async function switches(rehearsal: Rehearsal, { count, say }: DeploymentBenchOptions): Promise<BenchResult[]> {
  const context = await contextOf(rehearsal);
  const { host, settings } = context.input;
  const times: number[] = [];
  try {
    const state = await readHostState(context);
    let from: Slot = state.serving ?? "blue";
    for (let run = 0; run < count; run += 1) {
      const to = otherSlot(from);
      const release = state.slots[to]?.release ?? "";
      await ensureRunning(context, to, slotBackends(settings, state)[to]);
      const load = startLoad({
        address: host.address,
        publicName: settings.network.publicName,
        path: settings.app.routes.health,
        perSecond,
        keepAlive: true,
      });
      const beganMs = await load.firstAnswer();
      await turn(context, state, { to, from }, release);
      await confirm(context, { to, from });
      await drain(context, from);
      const { firstMsByRelease } = await load.end();
      times.push((firstMsByRelease[release] ?? Number.NaN) - beganMs);
      from = to;
    }
    say(`${count} switches`);
  } finally {
    await context.host.close();
  }
  // The stack's config and the host agree again.
  await deploy(rehearsal, older);
  return [percentile("switch-back", times, 0.5, "ms"), percentile("switch-back", times, 0.95, "ms")];
}

async function nothingToDo(rehearsal: Rehearsal, { say }: DeploymentBenchOptions): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  for (const words of [["up", "--yes", "--skip-preview"], ["preview"]]) {
    const startedAt = performance.now();
    const { exitCode, output } = await rehearsal.pulumi.capture(...words);
    if (exitCode !== 0) throw new Error(output.slice(-2_000));
    const seconds = (performance.now() - startedAt) / 1000;
    say(`pulumi ${words[0]} with nothing to do: ${seconds.toFixed(1)} s`);
    results.push(benchResult(`no-op-${words[0]}-s`, seconds, "s"));
  }
  return results;
}

/** Built and sent to the bucket with an empty cache, as on a machine that has never built anything; then again. */
async function artifacts(rehearsal: Rehearsal, { say }: DeploymentBenchOptions): Promise<BenchResult[]> {
  const input = await stackInput(rehearsal.pulumi.options.stack);
  const release = await resolveRelease(unbuilt, input.settings.app.repository);
  const cache = await mkdtemp(join(tmpdir(), "bench-artifact-"));
  const before = process.env.PROMPT_LIBRARY_CACHE;
  process.env.PROMPT_LIBRARY_CACHE = cache;
  try {
    const results: BenchResult[] = [];
    for (const name of ["artifact-cold-s", "artifact-unchanged-s"]) {
      const startedAt = performance.now();
      const { bytes, source } = await provideArtifact({ ...input, release }, say);
      results.push(
        benchResult(
          name,
          (performance.now() - startedAt) / 1000,
          "s",
          `${(bytes / 2 ** 20).toFixed(1)} MiB from: ${source}; npm's own cache is warm`,
        ),
      );
    }
    return results;
  } finally {
    if (before === undefined) delete process.env.PROMPT_LIBRARY_CACHE;
    else process.env.PROMPT_LIBRARY_CACHE = before;
    await rm(cache, { recursive: true, force: true });
  }
}

/** A release whose copies must not run together takes the place of another: how long users wait for their answer. */
async function withoutOverlap(rehearsal: Rehearsal, { say }: DeploymentBenchOptions): Promise<BenchResult[]> {
  // Where users are a file, no statement disables the checks' account or lets it in again.
  await rehearsal.pulumi.setConfig("verification.checkAccount.disable", "");
  await deploy(rehearsal, older);
  await rehearsal.pulumi.setConfig("app.overlap", "false");
  await deploy(rehearsal, unbuilt);
  const { host, settings } = await stackInput(rehearsal.pulumi.options.stack);
  say("a release in the place of another, never two at once");
  const { failed, asked, longestGapMs } = await underLoad(
    {
      address: host.address,
      publicName: settings.network.publicName,
      path: settings.app.routes.health,
      perSecond,
      keepAlive: true,
    },
    () => deploy(rehearsal, newer),
  );
  return [
    benchResult("failed-requests-without-overlap", failed.length, "requests", `of ${asked}`),
    benchResult("outage-without-overlap-ms", longestGapMs, "ms", "the longest time without an answer"),
  ];
}

function percentile(name: string, timesMs: readonly number[], share: number, unit: "s" | "ms"): BenchResult {
  const sorted = [...timesMs].sort((a, b) => a - b);
  const ms = sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
  return benchResult(`${name}-p${share * 100}-${unit}`, unit === "s" ? ms / 1000 : ms, unit, `of ${timesMs.length}`);
}
