import { mkdir, writeFile } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { renderHtml } from "../report/html";
import { type DeploymentHeader, reportVersion } from "../report/header";
import type { PhaseRecord } from "../report/record";
import { redact } from "../report/redact";
import { assembleReport } from "../report/report";
import { renderSummary } from "../report/text";
import { readRecords } from "./records";
import { secretsOf } from "./secrets";
import { readHostState, type HostState } from "./host-state";
import type { StepContext } from "./step";

export type WrittenReport = { path: string; isGood: boolean };

/**
 * Writes the report of this run as JSON and HTML to `reports/STACK/` below the project's directory, and its summary to stderr.
 * @param latest the record of the phase that writes; it counts also where the host is out of reach
 */
export async function writeReport(context: StepContext, latest: PhaseRecord): Promise<WrittenReport> {
  const others = await readRecords(context).catch((): PhaseRecord[] => []);
  const records = [...others.filter((record) => record.phase !== latest.phase), latest];
  const state = await readHostState(context).catch(() => undefined);
  const report = assembleReport(headerOf(context, records, state), records, context.input.settings.signOffs);
  const secrets = secretsOf(context.input);
  const base = join("reports", context.input.stack, latest.runId);
  await mkdir(join("reports", context.input.stack), { recursive: true });
  await writeFile(`${base}.json`, redact(JSON.stringify(report, null, 2), secrets));
  await writeFile(`${base}.html`, redact(renderHtml(report), secrets));
  process.stderr.write(`${redact(renderSummary(report), secrets)}\n`);
  return { path: `${base}.html`, isGood: report.state !== "failed" };
}

function headerOf(context: StepContext, records: readonly PhaseRecord[], state: HostState | undefined): DeploymentHeader {
  const { input } = context;
  const { settings } = input;
  const first = records.find((record) => record.phase === "preflight");
  const from = first?.details.from as DeploymentHeader["from"] | undefined;
  return {
    reportVersion,
    stack: input.stack,
    application: settings.app.name,
    who: `${userInfo().username}@${hostname()}`,
    from: from ?? null,
    to: { release: input.release.name, schemaVersion: settings.schemaVersion },
    commit: input.release.commit,
    artifactDigest: state?.staged?.commit === input.release.commit ? `sha256:${state.staged.digest}` : null,
    host: `${input.host.id} at ${input.host.address}`,
    publicUrl: `https://${settings.network.publicName}`,
    providersSinceSchema: settings.app.providersSinceSchema,
    snapshot: null,
    contacts: settings.contacts.team,
    escalation: settings.contacts.escalation,
    dependencies: settings.contacts.dependencies,
  };
}
