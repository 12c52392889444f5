import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { PhaseRecord } from "../report/record";
import { type Phase, phases, whereItFails } from "../rollout/phases";
import { openContext } from "./context";
import { StepFailure } from "./failure";
import type { PhaseResult, StepInput } from "./input";
import { keepRecord } from "./records";
import { writeReport } from "./report";
import type { StepContext, StepOutcome } from "./step";
import { steps } from "./steps";

// Reports and the like lie below the project's directory, wherever the command was started.
process.chdir(fileURLToPath(new URL("../..", import.meta.url)));

/** Runs one phase: input on stdin, progress on stderr, a short result on stdout, the whole record on the host. */
async function main(phase: Phase): Promise<void> {
  const { input, follows } = JSON.parse(await text(process.stdin)) as { input: StepInput; follows: string };
  const startedAt = new Date();
  const context = openContext(phase, input, startedAt);
  const finish = (outcome: Pick<PhaseRecord, "outcome" | "summary" | "error">): PhaseRecord => {
    const finishedAt = new Date();
    return {
      phase,
      runId: context.runId,
      follows: follows === "" ? null : (JSON.parse(follows) as PhaseResult).runId,
      startedAt: startedAt.toISOString(),
      finishedAt: finishedAt.toISOString(),
      durationMs: finishedAt.getTime() - startedAt.getTime(),
      boxes: context.boxes,
      details: context.details,
      ...outcome,
    };
  };
  try {
    const done: StepOutcome = await steps[phase](context);
    const record = finish({ outcome: done.outcome, summary: done.summary });
    await keepRecord(context, record);
    const report = phase === "evidence" ? await writeReport(context, record) : undefined;
    context.progress(done.summary);
    const result: PhaseResult = { runId: record.runId, phase, outcome: done.outcome, summary: done.summary, ...(report && { report: report.path }) };
    process.stdout.write(JSON.stringify(result));
    if (report?.isGood === false) throw new StepFailure("at least one box of the checklist has failed", `read ${report.path}`);
  } catch (error) {
    process.exitCode = 1;
    await fail(context, error, finish);
  } finally {
    await context.host.close();
  }
}

async function fail(
  context: StepContext,
  error: unknown,
  finish: (outcome: Pick<PhaseRecord, "outcome" | "summary" | "error">) => PhaseRecord,
): Promise<void> {
  const message = error instanceof Error ? error.message : String(error);
  const remedy = error instanceof StepFailure && error.remedy !== "" ? error.remedy : "read the report, mend the cause, then run pulumi up again";
  const journal = error instanceof StepFailure ? [...error.journal] : [];
  const record = finish({ outcome: "failed", summary: message.split("\n")[0] ?? message, error: { message, remedy, journal } });
  const kept = await keepRecord(context, record).then(
    () => undefined,
    (reason: unknown) => String(reason),
  );
  const report = await writeReport(context, record).catch((reason: unknown) => String(reason));
  const { onCall } = context.input.settings.contacts.escalation;
  const lines = [
    `${context.phase} failed: ${message}`,
    ...journal.map((row) => `  journal: ${row}`),
    `what serves: ${whereItFails[context.phase]}.`,
    `what to do: ${remedy}.`,
    `the way back: pulumi config set release PRIOR (and schemaVersion), then pulumi up.`,
    `on call: ${[onCall.name, onCall.phone, onCall.email].filter(Boolean).join(", ")}`,
    typeof report === "string" ? `the report could not be written: ${report}` : `report: ${report.path}`,
    ...(kept === undefined ? [] : [`the record could not be left on the host: ${kept}`]),
    ...(error instanceof StepFailure || !(error instanceof Error) ? [] : [error.stack ?? ""]),
  ];
  process.stderr.write(`${lines.join("\n")}\n`);
}

const phase = phases.find((candidate) => candidate === process.argv[2]);
if (phase === undefined) {
  process.stderr.write(`usage: tsx infra/steps/main.ts PHASE, one of ${phases.join(", ")}\n`);
  process.exitCode = 2;
} else await main(phase);
