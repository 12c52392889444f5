import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { secretsOf } from "../../context/secrets";
import type { StepContext } from "../../context/step";
import { phases } from "../../core/phases";
import { type PhaseRecord, phaseRecordSchema } from "../../report/record";
import { redact } from "../../report/redact";

/**
 * Leaves a phase's record on the host, where the next phases and other machines find it, and on this machine, for the report
 * of a run that loses the host.
 * @throws Error when the host is out of reach; this machine's copy is written then
 */
export async function keepRecord(
  context: Pick<StepContext, "host" | "paths" | "input">,
  record: PhaseRecord,
): Promise<void> {
  const content = redact(JSON.stringify(record), secretsOf(context.input));
  const directory = localRecords(context.input.stack);
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, `${record.phase}.json`), content, { mode: 0o600 });
  await context.host.put(`${context.paths.evidence}/${record.phase}.json`, content, { mode: "0600" });
}

/** The records of this run and of earlier ones: the host's, and this machine's where the host lacks them or is out of reach. */
export async function readRecords(context: Pick<StepContext, "host" | "paths" | "input">): Promise<PhaseRecord[]> {
  const onHost = await recordsOnHost(context).catch((): PhaseRecord[] => []);
  const seen = new Set(onHost.map((record) => record.runId));
  return [...onHost, ...(await recordsHere(context.input.stack)).filter((record) => !seen.has(record.runId))];
}

async function recordsOnHost(context: Pick<StepContext, "host" | "paths">): Promise<PhaseRecord[]> {
  const files = phases.map((phase) => `${context.paths.evidence}/${phase}.json`).join(" ");
  const printed = await context.host.run(
    "reading the phases' records",
    `for file in ${files}; do if [ -f "$file" ]; then base64 -w0 "$file"; echo; fi; done`,
  );
  const rows = printed.split("\n").filter((row) => row !== "");
  return rows.flatMap((row) => recordOf(Buffer.from(row, "base64").toString()));
}

async function recordsHere(stack: string): Promise<PhaseRecord[]> {
  const read = phases.map((phase) => readFile(join(localRecords(stack), `${phase}.json`), "utf8").catch(() => "null"));
  return (await Promise.all(read)).flatMap(recordOf);
}

/** Nothing for what is damaged or of another version's shape: a report has to come out all the same. */
function recordOf(text: string): PhaseRecord[] {
  try {
    const parsed = phaseRecordSchema.safeParse(JSON.parse(text));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}

function localRecords(stack: string): string {
  return join("reports", stack, "records");
}
