import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { readResult } from "../core/phase-result";
import { verifySigned } from "../report/sign";
import { renderSummary } from "../report/text";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * The end of a deployment as its operator reads it: the report's summary where this machine has the report, as the one that deployed
 * has; else the last phase's own line.
 */
export async function describeEnding(stack: string, lastPhase: string): Promise<{ report: string; summary: string }> {
  const { runId, report = "", summary } = readResult(lastPhase);
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
