import { phaseRecordSchema, type PhaseRecord } from "../report/record";
import { redact } from "../report/redact";
import { phases } from "../rollout/phases";
import { secretsOf } from "./secrets";
import type { StepContext } from "./step";

/** Leaves a phase's record on the host, where the next phases and other machines find it. */
export async function keepRecord(context: Pick<StepContext, "host" | "paths" | "input">, record: PhaseRecord): Promise<void> {
  const content = redact(JSON.stringify(record), secretsOf(context.input));
  await context.host.put(`${context.paths.evidence}/${record.phase}.json`, content, { mode: "0600" });
}

/** The records that the host holds, of this run and of earlier ones. */
export async function readRecords(context: Pick<StepContext, "host" | "paths">): Promise<PhaseRecord[]> {
  const files = phases.map((phase) => `${context.paths.evidence}/${phase}.json`).join(" ");
  const printed = await context.host.run(
    "reading the phases' records",
    `for file in ${files}; do if [ -f "$file" ]; then base64 -w0 "$file"; echo; fi; done`,
  );
  return printed
    .split("\n")
    .filter((row) => row !== "")
    .map((row) => phaseRecordSchema.safeParse(JSON.parse(Buffer.from(row, "base64").toString())))
    .flatMap((parsed) => (parsed.success ? [parsed.data] : []));
}
