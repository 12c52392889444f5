import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { readResult } from "../core/phase-result";
import { verifySigned } from "../report/sign";
import { renderSummary } from "../report/text";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * The end of a deployment as its operator reads it: the report's summary where this machine has the report, as the one that deployed
 * has; else the last phase's own line. Where no phase had to run, nobody was asked: an old result says nothing of now.
 * @param began when this `up` began
 */
export async function describeEnding(
  stack: string,
  lastPhase: string,
  began: Date,
): Promise<{ report: string; summary: string }> {
  const { runId, report = "", summary } = readResult(lastPhase);
  if (isOlder(runId, began)) return { report, summary: nothingAsked(stack, runId, report) };
  const file = `reports/${stack}/${runId}.json`;
  const signed = await readFile(`${root}/${file}`, "utf8").catch(() => undefined);
  const found = signed === undefined ? undefined : verifySigned(signed);
  const page = file.replace(/json$/, "html");
  return {
    report,
    summary:
      found?.verified === true
        ? renderSummary(found.report, [report === "" ? page : report])
        : `${summary}\nreport   ${report}`,
  };
}

/** A run's id begins with the moment of its start, without punctuation. */
function isOlder(runId: string, began: Date): boolean {
  return runId < began.toISOString().replace(/[-:.]/g, "");
}

function nothingAsked(stack: string, runId: string, report: string): string {
  const [, date = "", hour = "", minute = ""] = /^(\d{8})T(\d\d)(\d\d)/.exec(runId) ?? [];
  const at = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)} ${hour}:${minute}Z`;
  return [
    `NOT ASKED  ${stack}: no phase ran, so this run looked at neither host nor database. The last deployment ended at ${at}.`,
    `next     npm run status -- ${stack} asks what serves now; npm run diagnose -- ${stack} what is wrong`,
    `report   ${report}`,
  ].join("\n");
}
