import { z } from "zod";
import { boxResultSchema } from "../checklist/result";
import { changes } from "../core/failure";
import { failureCodes } from "../core/failure-codes";
import { phases } from "../core/phases";

const failure = z.strictObject({
  /** Absent for a fault of this program, which has no code. */
  code: z.enum(failureCodes).optional(),
  changed: z.enum(changes).optional(),
  message: z.string().min(1),
  /** What to do next, one step a line. */
  remedy: z.string().optional(),
  /** The last lines of what the failed program said, oldest first. */
  journal: z.array(z.string()).optional(),
});

/** What each phase leaves behind, whether it completed or failed. Times are ISO 8601 in UTC. */
export const phaseRecordSchema = z
  .strictObject({
    phase: z.enum(phases),
    /** Names this run of the phase and no other. */
    runId: z.string().min(1),
    /** The runId of the phase before; null only for the first phase. */
    follows: z.string().min(1).nullable(),
    startedAt: z.iso.datetime(),
    finishedAt: z.iso.datetime(),
    durationMs: z.number().min(0),
    outcome: z.enum(["completed", "failed", "nothing to do"]),
    /** One sentence for the timeline. */
    summary: z.string(),
    boxes: z.array(boxResultSchema),
    /** Whatever else is worth keeping; the report shows what `details.ts` knows. */
    details: z.record(z.string(), z.unknown()),
    error: failure.optional(),
  })
  .refine((record) => record.outcome !== "failed" || record.error !== undefined, {
    message: "must say what went wrong when the outcome is failed",
    path: ["error"],
  });

export type PhaseRecord = z.infer<typeof phaseRecordSchema>;
