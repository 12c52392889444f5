import { z } from "zod";
import { type BoxId, boxIds } from "./boxes";

/**
 * The only words for a box's result, everywhere: `not needed` comes with its reason, `open` waits for a person's sign-off,
 * `not yet` means that the program has not proved it.
 */
export const resultWords = ["passed", "failed", "not needed", "open", "not yet"] as const;

export type Result = (typeof resultWords)[number];

const boxId = z.enum(boxIds as [BoxId, ...BoxId[]]);

export const boxResultSchema = z
  .strictObject({
    id: boxId,
    result: z.enum(resultWords),
    /** What was seen: a value, a count, a status; never a secret. Empty only if nothing was checked. */
    evidence: z.string(),
    reason: z.string().min(1).optional(),
    durationMs: z.number().min(0).optional(),
    /** The phase, resource or document that produced it. */
    source: z.string().min(1),
  })
  .refine((box) => (box.result !== "passed" && box.result !== "failed") || box.evidence.trim() !== "", {
    message: "must have evidence when it passed or failed",
    path: ["evidence"],
  })
  .refine((box) => box.result !== "not needed" || box.reason !== undefined, {
    message: "must have a reason when it is not needed",
    path: ["reason"],
  });

export type BoxResult = z.infer<typeof boxResultSchema>;

/** What a check saw of a box that holds; or why there was nothing to look at, which is not passing. A box that does not hold is thrown. */
export type Proof = string | { result: "not needed" | "not yet"; reason: string };

type Produced = { source: string; durationMs?: number };

export function passed(id: BoxId, evidence: string, produced: Produced): BoxResult {
  return { id, result: "passed", evidence, ...produced };
}

/** @param reason what it means or what to do, if the evidence alone does not say it */
export function failed(id: BoxId, evidence: string, produced: Produced, reason?: string): BoxResult {
  return { id, result: "failed", evidence, ...(reason === undefined ? {} : { reason }), ...produced };
}

export function notNeeded(id: BoxId, reason: string, produced: Produced): BoxResult {
  return { id, result: "not needed", evidence: "", reason, ...produced };
}

/** Failed boxes with one cause: they all have the same evidence. */
export type FailedTogether = { ids: BoxId[]; evidence: string; reason?: string };

/** The failed boxes, those with the same evidence as one finding: a broken login fails thirty boxes but is one thing to fix. */
export function groupFailed(boxes: readonly BoxResult[]): FailedTogether[] {
  const groups = new Map<string, FailedTogether>();
  for (const { id, result, evidence, reason } of boxes) {
    if (result !== "failed") continue;
    const known = groups.get(evidence);
    if (known === undefined) groups.set(evidence, { ids: [id], evidence, ...(reason === undefined ? {} : { reason }) });
    else known.ids.push(id);
  }
  return [...groups.values()];
}
