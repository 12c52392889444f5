import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readHostState } from "../../context/host-state";
import { secretsOf } from "../../context/secrets";
import type { StepContext } from "../../context/step";
import { chainOf } from "../../report/chain";
import { renderHtml } from "../../report/html";
import type { PhaseRecord } from "../../report/record";
import { redactDeep } from "../../report/redact";
import { assembleReport } from "../../report/report";
import type { Report } from "../../report/shape";
import { sealOf, signedText, signReport } from "../../report/sign";
import { readRecords } from "./records";
import { headerOf } from "./report-header";
import { reportAddress, storeReport } from "./report-store";

export type WrittenReport = {
  /** The page, below the project's directory; the signed JSON lies beside it. */
  file: string;
  /** Where the stack keeps it, or why it could not be kept there. */
  address: string | Error;
};

/**
 * Puts together what is known of this run, without secrets.
 * @param latest the record of the phase that asks; the report ends with it, also where the host is out of reach
 */
export async function gatherReport(context: StepContext, latest: PhaseRecord): Promise<Report> {
  const others = await readRecords(context);
  const records = [...others.filter((record) => record.runId !== latest.runId), latest];
  const state = await readHostState(context).catch(() => undefined);
  const report = assembleReport(
    headerOf(context.input, latest.runId, chainOf(records, latest), state),
    records,
    context.input.settings.signOffs,
    latest,
  );
  return redactDeep(report, secretsOf(context.input));
}

/** Signs the report, writes it as JSON and HTML to `reports/STACK/` below the project's directory, and keeps both in S3. */
export async function writeReport({ input }: StepContext, report: Report): Promise<WrittenReport> {
  const { run } = report.header;
  const signed = signReport(report, input.settings.secrets.reportPrivateKey);
  const content = { json: signedText(signed), html: renderHtml(report, sealOf(signed)) };
  const base = join("reports", input.stack, run);
  await mkdir(join("reports", input.stack), { recursive: true });
  await writeFile(`${base}.json`, content.json);
  await writeFile(`${base}.html`, content.html);
  const address = await storeReport(input, run, content).then(
    () => reportAddress(input, run),
    (error: unknown) =>
      new Error(
        `s3://${input.bucket} did not take the report: ${error instanceof Error ? error.message : String(error)}`,
      ),
  );
  return { file: `${base}.html`, address };
}
