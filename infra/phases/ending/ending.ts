import type { BoxResult } from "../../checklist/result";
import { secretsOf } from "../../context/secrets";
import type { StepContext } from "../../context/step";
import { Failure } from "../../core/failure";
import type { PhaseResult } from "../../core/phase-result";
import { whoRuns } from "../../core/who-runs";
import { endMessage, type Message, startMessage } from "../../report/message";
import type { PhaseRecord } from "../../report/record";
import { redact } from "../../report/redact";
import type { Report } from "../../report/shape";
import { renderSummary } from "../../report/text";
import { teamNotified } from "./audience";
import { notify } from "./notification";
import { keepRecord } from "./records";
import { gatherReport, type WrittenReport, writeReport } from "./report";
import { reportAddress } from "./report-store";
import { askServed } from "./served";

type Outcome = Pick<PhaseRecord, "outcome" | "summary" | "error">;
/** Makes the phase's record with all that the context holds by then. */
export type Finish = (outcome: Outcome) => PhaseRecord;

/** Notifies the team that a deployment begins. It begins also where that fails: POST-2.1 is about the message at the end. */
export async function announce(context: StepContext): Promise<void> {
  const { input } = context;
  const { settings, release } = input;
  const to = { release: release.name, schemaVersion: settings.schemaVersion };
  const run = { application: settings.app.name, stack: input.stack, to, commit: release.commit, who: whoRuns() };
  await notify(input, startMessage({ ...run, publicUrl: `https://${settings.network.publicName}` })).catch(
    (error: unknown) => context.notice(`the team could not be told that this begins: ${reasonOf(error)}`),
  );
}

/**
 * The end of a deployment that no phase stopped: notifies the team, and writes the report, which includes the notification.
 * @throws Failure when any box failed: a release is good only if none did
 */
export async function conclude(
  context: StepContext,
  finish: Finish,
  outcome: Outcome,
): Promise<Required<Pick<PhaseResult, "report">>> {
  const sofar = await gatherReport(context, finish(outcome));
  mustBeGood(sofar);
  context.boxes.push(await notifyTeam(context, endMessage(sofar, [reportAddress(context.input, context.runId)])));
  const record = finish(outcome);
  const report = await gatherReport(context, record);
  mustBeGood(report);
  await keepRecord(context, record);
  const written = await writeReport(context, report);
  return { report: written.address instanceof Error ? written.file : written.address };
}

/**
 * The end of a deployment at a phase that failed: its record, the report, the message to the team, and all of it on stderr.
 * @param options.ownsRecords whether the deployment lock is this run's: another run's records are left alone
 */
export async function reportFailure(
  context: StepContext,
  error: unknown,
  finish: Finish,
  options: { ownsRecords: boolean },
): Promise<void> {
  const message = error instanceof Error ? error.message : String(error);
  const remedy =
    error instanceof Failure && error.remedy !== ""
      ? error.remedy
      : "read the report, fix the cause, then run pulumi up again";
  const known = error instanceof Failure ? error : undefined;
  const journal = [...(known?.journal ?? [])];
  say(context, [`${context.phase} failed: ${message}`, ...journal.map((row) => `  journal: ${row}`)].join("\n"));
  if (!(error instanceof Failure) && error instanceof Error) say(context, error.stack ?? "");

  context.details.served = await askServed(context, { mayLogIn: options.ownsRecords });

  const record = finish({
    outcome: "failed",
    summary: message.split("\n")[0] ?? message,
    error: { ...(known === undefined ? {} : { code: known.code, changed: known.changed }), message, remedy, journal },
  });
  const trouble = (what: string) => (reason: unknown) => say(context, `${what}: ${reasonOf(reason)}`);
  const left = options.ownsRecords
    ? keepRecord(context, record)
    : Promise.reject(new Error("the deployment lock that guards them is not this run's"));
  await left.catch(trouble("the record could not be left on the host"));
  const report = await gatherReport(context, record);
  const written = await writeReport(context, report).catch((reason: unknown) => new Error(reasonOf(reason)));
  const at = written instanceof Error ? [`could not be written: ${written.message}`] : places(written);
  await notify(context.input, endMessage(report, at)).catch(trouble("the team could not be told"));
  say(context, renderSummary(report, at));
}

async function notifyTeam({ input, phase }: StepContext, message: Message): Promise<BoxResult> {
  const startedAt = Date.now();
  const addresses = Object.values(input.settings.contacts.team).flatMap(({ email }) => email ?? []);
  const told = await notify(input, message).then(
    ({ messageId, audience }) => teamNotified(messageId, audience, [...new Set(addresses)]),
    (error: unknown) => ({ result: "failed" as const, evidence: reasonOf(error) }),
  );
  return { id: "POST-2.1", source: phase, durationMs: Date.now() - startedAt, ...told };
}

function mustBeGood(report: Report): void {
  if (report.state === "good") return;
  const boxes = report.failed.map(({ where, what }) => `  - ${where}: ${what}`);
  if (boxes.length === 0)
    throw new Failure(
      "report-not-good",
      `the report is ${report.state}: ${report.remarks.join(" ") || report.next[0]}`,
      "raise attempt: pulumi config set attempt N, then pulumi up",
    );
  const remedies = report.failed.flatMap(({ remedy }) => (remedy === undefined ? [] : [remedy]));
  throw new Failure(
    "boxes-failed",
    `${boxes.length} of the checklist's boxes failed:\n${boxes.join("\n")}`,
    remedies.join("\n") || "fix what each box names, then run pulumi up again",
  );
}

/** Where the report is, a place a line. */
function places({ address, file }: WrittenReport): string[] {
  return address instanceof Error ? [file, `not kept elsewhere: ${address.message}`] : [address, file];
}

function say(context: StepContext, text: string): void {
  process.stderr.write(`${redact(text, secretsOf(context.input))}\n`);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
