import type pg from "pg";
import type { BoxId } from "../checklist/boxes";
import { type BoxResult, groupFailed } from "../checklist/result";
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
  /** A connection of its own through the host, the server's certificate verified by name. The caller ends it. */
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
  check: () => Promise<string>,
): Promise<boolean> {
  const startedAt = Date.now();
  const base = { id, source: context.phase };
  try {
    const evidence = await check();
    context.boxes.push({ ...base, result: "passed", evidence, durationMs: Date.now() - startedAt });
    return true;
  } catch (error) {
    const evidence = error instanceof Error ? error.message : String(error);
    const remedy = error instanceof Failure && error.remedy !== "" ? { reason: error.remedy } : {};
    context.boxes.push({ ...base, result: "failed", evidence, ...remedy, durationMs: Date.now() - startedAt });
    return false;
  }
}

/** Makes checks that have nothing to do with one another at once; their results come in the order in which they are given. */
export async function proveTogether(
  context: Pick<StepContext, "phase" | "boxes">,
  checks: readonly (readonly [BoxId, () => Promise<string>])[],
): Promise<void> {
  const proved = checks.map(async ([id, check]) => {
    const boxes: BoxResult[] = [];
    await prove({ phase: context.phase, boxes }, id, check);
    return boxes;
  });
  context.boxes.push(...(await Promise.all(proved)).flat());
}

/** The failed boxes as an operator reads them, a cause a row. */
export function findings(boxes: readonly BoxResult[]): string[] {
  return groupFailed(boxes).map(
    ({ ids, evidence, reason }) => `${ids.join(", ")}: ${evidence}${reason === undefined ? "" : `. Remedy: ${reason}`}`,
  );
}
