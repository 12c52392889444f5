import { z } from "zod";
import { snapshotSchema } from "./header";
import type { PhaseRecord } from "./record";

export const lockSchema = z.strictObject({
  table: z.string(),
  /** PostgreSQL's own name, such as ACCESS EXCLUSIVE. */
  mode: z.string(),
  statement: z.string().optional(),
  waitedMs: z.number().min(0),
  heldMs: z.number().min(0),
  /** Times that the lock budget ran out before it was had. */
  retries: z.int().min(0).default(0),
});

export const screenshotSchema = z.strictObject({
  page: z.string(),
  /** Who was logged in, or `nobody`. */
  as: z.string().default("nobody"),
  /** Only inline pictures: the report loads nothing from elsewhere. */
  dataUri: z
    .string()
    .regex(/^data:image\/(png|jpeg|webp);base64,[A-Za-z0-9+/]+=*$/, "must be an inline PNG, JPEG or WebP"),
});

export type Screenshot = z.infer<typeof screenshotSchema>;

export const requestBudgetSchema = z.strictObject({
  used: z.int().min(0),
  limit: z.int().min(0),
  windowMinutes: z.number().min(0),
  /** Answers with status 429. */
  refused: z.int().min(0).default(0),
});

/** What the report shows of a record's details, by name. */
const known = {
  locks: z.array(lockSchema),
  screenshots: z.array(screenshotSchema),
  /** Lines worth keeping of a phase that did not fail, oldest first. */
  journal: z.array(z.string()),
  snapshot: snapshotSchema,
  requests: requestBudgetSchema,
  /** Whether the same deployment had begun to create or change resources before this phase. */
  changesResources: z.boolean(),
  /** What was answered after a failure by those who serve, and when they were asked. */
  served: z.string().min(1),
  /** What serves after this phase, where the phase knows better than the report can tell. */
  serving: z.string().min(1),
};

type KnownDetails = { [Name in keyof typeof known]: z.infer<(typeof known)[Name]> };

/**
 * One known detail of a record.
 * @returns undefined where it is absent; a detail of the wrong shape goes to `remarks`, since a report must come out all the same
 */
export function detail<Name extends keyof KnownDetails>(
  record: PhaseRecord,
  name: Name,
  remarks: string[],
): KnownDetails[Name] | undefined {
  const value = record.details[name];
  if (value === undefined || value === null) return undefined;
  const parsed = known[name].safeParse(value);
  if (parsed.success) return parsed.data as KnownDetails[Name];
  remarks.push(
    `${record.phase} left "${name}" in a shape that the report cannot show; see details in the phase's own record.`,
  );
  return undefined;
}
