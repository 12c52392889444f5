import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { openContext } from "../context/context";
import { readInput } from "../context/input";
import { locateHost } from "../context/locate-host";
import type { StepOutcome } from "../context/step";
import { quietProgress } from "../core/heartbeat";
import { readResult, writeResult } from "../core/phase-result";
import { type Phase, phases } from "../core/phases";
import { whoRuns } from "../core/who-runs";
import { DeploymentLock } from "../lock/deployment-lock";
import { LockStore } from "../lock/store";
import type { PhaseRecord } from "../report/record";
import { keepRecord } from "./ending/records";
import { loadStep } from "./steps";

// Reports and the like lie below the project's directory, wherever the command was started.
process.chdir(fileURLToPath(new URL("../..", import.meta.url)));

/** Runs one phase: input on stdin, its result as one line on stdout, the whole record on the host; on stderr what it waits for, or why it failed. */
async function main(phase: Phase): Promise<void> {
  const given = z
    .strictObject({ input: z.unknown(), follows: z.string() })
    .parse(JSON.parse(await text(process.stdin)));
  const { follows } = given;
  const input = await locateHost(readInput(given.input));
  const startedAt = new Date();
  const opened = openContext(phase, input, startedAt);
  const quiet = quietProgress(opened.progress);
  const context = { ...opened, progress: quiet.progress };
  const before = follows === "" ? null : readResult(follows);
  const finish = (outcome: Pick<PhaseRecord, "outcome" | "summary" | "error">): PhaseRecord => {
    const finishedAt = new Date();
    return {
      phase,
      runId: context.runId,
      follows: before?.runId ?? null,
      startedAt: startedAt.toISOString(),
      finishedAt: finishedAt.toISOString(),
      durationMs: finishedAt.getTime() - startedAt.getTime(),
      boxes: context.boxes,
      details: context.details,
      ...outcome,
    };
  };
  const deployment = before?.deployment ?? context.runId;
  const lock = new DeploymentLock(new LockStore(input.bucket, input.stack, input.settings.target.region), {
    who: whoRuns(),
    deployment,
  });
  try {
    const [, , step] = await Promise.all([lock.take(phase, context.notice), context.host.connect(), loadStep[phase]()]);
    if (lock.changesResources) context.details.changesResources = true;
    if (phase === "preflight") await (await import("./ending/ending")).announce(context);
    const done: StepOutcome = await step(context);
    await lock.check();
    const outcome = { outcome: done.outcome, summary: done.summary };
    const ending =
      phase === "evidence" ? await (await import("./ending/ending")).conclude(context, finish, outcome) : {};
    if (phase !== "evidence") await keepRecord(context, finish(outcome));
    if (phase === "evidence") await lock.free();
    const seconds = (Date.now() - startedAt.getTime()) / 1000;
    process.stdout.write(
      writeResult({ phase, seconds, summary: done.summary, runId: context.runId, deployment, ...ending }),
    );
  } catch (error) {
    process.exitCode = 1;
    for (const row of quiet.course) opened.progress(row);
    await (await import("./ending/ending")).reportFailure(context, error, finish, { ownsRecords: lock.isHeld });
    await lock
      .free()
      .catch((reason: unknown) =>
        context.notice(`the deployment lock could not be freed, and lapses by itself: ${String(reason)}`),
      );
  } finally {
    quiet.end();
    await lock.leave();
    const isLast = phase === "evidence" || process.exitCode === 1;
    await (isLast ? context.host.close() : context.host.leave());
  }
}

const phase = phases.find((candidate) => candidate === process.argv[2]);
if (phase === undefined) {
  process.stderr.write(`usage: node infra/.steps/main.js PHASE, one of ${phases.join(", ")}\n`);
  process.exitCode = 2;
} else await main(phase);
