import type { Pair } from "../core/compatibility";
import type { Report } from "./shape";
import { renderSummary } from "./text";
import { name } from "./verdict";

export type Message = { event: "started" | "succeeded" | "failed"; subject: string; text: string };

/** The message to the team when a deployment begins. */
export function startMessage(run: {
  application: string;
  stack: string;
  to: Pair;
  commit: string;
  who: string;
  publicUrl: string;
}): Message {
  return {
    event: "started",
    subject: `${run.application} ${run.stack}: ${run.to.release} started`,
    text: [
      `The deployment of ${name(run.to)} to ${run.application}, ${run.stack}, has begun.`,
      `commit   ${run.commit}`,
      `by       ${run.who}`,
      `serves   ${run.publicUrl} goes on answering; the release that serves is left only when the new one is verified.`,
      "Another message says how it ended.",
    ].join("\n"),
  };
}

/** The message to the team when it has ended: the summary, and where the report is. */
export function endMessage(report: Report, kept: readonly string[]): Message {
  const { application, stack, to } = report.header;
  const event = report.state === "good" ? "succeeded" : "failed";
  return { event, subject: `${application} ${stack}: ${to.release} ${event}`, text: renderSummary(report, kept) };
}
