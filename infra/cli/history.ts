import { s3Client } from "../core/aws-client";
import type { Looked } from "./look";
import { type ArchivedReport, newestReports } from "./report-archive";
import { lastInput } from "./stack-input";

/** Lists the stack's deployments, the newest first, as their signed reports tell of them. */
export async function history(
  { stack, state, say }: Looked,
  options: { limit: number; json?: boolean },
): Promise<boolean> {
  const input = lastInput(stack, state);
  const reports = await newestReports(s3Client(input.settings.target.region), input, options.limit);
  say(options.json === true ? JSON.stringify(reports) : renderHistory(reports));
  return reports.every(({ state: ending }) => ending !== "not to be trusted");
}

/** Two lines a deployment, each of 80 columns at most but for what has no blank. */
export function renderHistory(reports: readonly ArchivedReport[]): string {
  if (reports.length === 0) return "No deployment has left a report yet.";
  return reports
    .map(({ at, state, who, from, to, seconds, headline, address }) =>
      state === "not to be trusted"
        ? `${address}\n  NOT TO BE TRUSTED: ${headline}`
        : `${at.slice(0, 16).replace("T", " ")}Z  ${state.padEnd(10)}  ${from} → ${to}, ${seconds} s\n  by ${who}${state === "good" ? "" : `: ${headline.slice(0, 60)}`}`,
    )
    .join("\n");
}
