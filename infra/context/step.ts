import type pg from "pg";
import type { BoxId } from "../checklist/boxes";
import { type BoxResult, groupFailed, notNeeded, type Proof } from "../checklist/result";
import { Failure } from "../core/failure";
import type { Phase } from "../core/phases";
import type { Progress } from "../core/progress";
import type { roleNames } from "../core/role-names";
import type { HostPaths } from "../host/commands/paths";
import type { RemoteHost } from "../host/remote-host";
import type { StatementLimit } from "./database-connection";
import type { StepInput } from "./input";

export type StepContext = {
  phase: Phase;
  runId: string;
  input: StepInput;
  paths: HostPaths;
  host: RemoteHost;
  /** What it does now; shown when it takes long, or fails. */
  progress: Progress;
  /** What its operator must see though all goes well. */
  notice: Progress;
  /** A new connection through the host, the server's certificate verified by name. The caller ends it. */
  connect: (role: keyof typeof roleNames, limit?: StatementLimit) => Promise<pg.Client>;
  /** Boxes proved or failed so far; kept in the record also when the step fails. */
  boxes: BoxResult[];
  /** What else the record should hold. */
  details: Record<string, unknown>;
};

export type StepOutcome = {
  outcome: "completed" | "nothing to do";
  summary: string;
};

/**
 * One phase. It makes sure of what it needs, leaves alone what already holds, and restores what it found before it throws.
 */
export type Step = (context: StepContext) => Promise<StepOutcome>;

/** Runs a check and keeps its result; a check that throws has failed, with what it said as evidence and its remedy as reason. */
export async function prove(
  context: Pick<StepContext, "phase" | "boxes">,
  id: BoxId,
  check: () => Promise<Proof>,
): Promise<BoxResult> {
  const startedAt = Date.now();
  const proved = await check().then(
    (proof) =>
      typeof proof === "string" ? { result: "passed" as const, evidence: proof } : { ...proof, evidence: "" },
    (error: unknown) => ({
      result: "failed" as const,
      evidence: error instanceof Error ? error.message : String(error),
      ...(error instanceof Failure && error.remedy !== "" ? { reason: error.remedy } : {}),
    }),
  );
  const box = { id, ...proved, source: context.phase, durationMs: Date.now() - startedAt };
  context.boxes.push(box);
  return box;
}

/** Makes checks that have nothing to do with one another at once; their results come in the order in which they are given. */
export async function proveTogether(
  context: Pick<StepContext, "phase" | "boxes">,
  checks: readonly (readonly [BoxId, () => Promise<Proof>])[],
): Promise<void> {
  const { phase } = context;
  context.boxes.push(...(await Promise.all(checks.map(([id, check]) => prove({ phase, boxes: [] }, id, check)))));
}

/** Boxes with nothing to look at, for one reason. */
export function skip(context: Pick<StepContext, "phase" | "boxes">, ids: readonly BoxId[], reason: string): void {
  context.boxes.push(...ids.map((id) => notNeeded(id, reason, { source: context.phase })));
}

/** The failed boxes as an operator reads them, a cause a row. */
export function findings(boxes: readonly BoxResult[]): string[] {
  return groupFailed(boxes).map(
    ({ ids, evidence, reason }) => `${ids.join(", ")}: ${evidence}${reason === undefined ? "" : `. Remedy: ${reason}`}`,
  );
}
