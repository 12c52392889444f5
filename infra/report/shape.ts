import { z } from "zod";
import { boxResultSchema, resultWords } from "../checklist/result";
import { failureCodes } from "../core/failure-codes";
import { phases } from "../core/phases";
import { lockSchema, requestBudgetSchema, screenshotSchema } from "./details";
import { deploymentHeaderSchema } from "./header";

const trouble = z.strictObject({
  what: z.string(),
  /** The phase or box that says so. */
  where: z.string(),
  code: z.enum(failureCodes).optional(),
  remedy: z.string().optional(),
});

const timelineEntry = z.strictObject({
  phase: z.enum(phases),
  outcome: z.enum(["completed", "failed", "nothing to do", "not reached"]),
  summary: z.string(),
  startedAt: z.string().optional(),
  durationMs: z.number().optional(),
});

/** The whole report; the same as JSON and as a page. A version of its own, so that a later reader knows what it holds. */
export const reportSchema = z.strictObject({
  header: deploymentHeaderSchema,
  /** `unfinished`: no phase and no box failed, but phases are missing. */
  state: z.enum(["good", "failed", "unfinished"]),
  headline: z.string(),
  failed: z.array(trouble),
  serving: z.string(),
  next: z.array(z.string()),
  startedAt: z.string().optional(),
  finishedAt: z.string().optional(),
  counts: z.record(z.enum(resultWords), z.int()),
  timeline: z.array(timelineEntry),
  boxes: z.array(boxResultSchema),
  locks: z.array(lockSchema.extend({ phase: z.enum(phases) })),
  screenshots: z.array(screenshotSchema),
  journal: z.array(z.strictObject({ phase: z.enum(phases), lines: z.array(z.string()) })),
  requests: requestBudgetSchema.optional(),
  /** Contradictions found while putting the records together. */
  remarks: z.array(z.string()),
});

export type Report = z.infer<typeof reportSchema>;
export type Trouble = z.infer<typeof trouble>;
export type TimelineEntry = z.infer<typeof timelineEntry>;
export type Lock = Report["locks"][number];
