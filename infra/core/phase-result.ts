import { z } from "zod";
import { Failure } from "./failure";
import { phases } from "./phases";

const resultSchema = z.object({
  phase: z.enum(phases),
  seconds: z.number(),
  /** One line. */
  summary: z.string(),
  runId: z.string(),
  /** The run id of the deployment's first phase: who holds the deployment lock. */
  deployment: z.string(),
  /** Where the report is; from `evidence` alone. */
  report: z.string().optional(),
});

export type PhaseResult = z.infer<typeof resultSchema>;

/**
 * What a phase prints on stdout: the one line that its operator reads, and the next phase after it. Pulumi shows each line that a
 * command prints at least twice.
 */
export function writeResult({ phase, seconds, summary, runId, deployment, report }: PhaseResult): string {
  const line = summary.replace(/\s+/g, " ").trim();
  return `${phase} ${seconds.toFixed(1)} s: ${line} [run ${runId} of ${deployment}${report === undefined ? "" : `, report ${report}`}]`;
}

/** @throws Error when this program did not print it */
export function readResult(text: string): PhaseResult {
  const found = /^(\w+) ([\d.]+) s: (.*) \[run (\S+) of ([^\s,\]]+)(?:, report (\S+))?\]\s*$/.exec(text);
  const [, phase, seconds, summary, runId, deployment, report] = found ?? [];
  const parsed = resultSchema.safeParse({ phase, seconds: Number(seconds), summary, runId, deployment, report });
  if (parsed.success) return parsed.data;
  throw new Failure(
    "made-by-another-version",
    `the result of the previous phase was written by another version of this program: ${text.slice(0, 200)}`,
    "pulumi config set attempt N, then pulumi up",
    { changed: "nothing" },
  );
}
