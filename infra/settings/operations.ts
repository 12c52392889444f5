import { z } from "zod";
import { boxesOf } from "../checklist/owners";
import { timeOfDay } from "./time-of-day";

const personal: readonly string[] = boxesOf("person");

/** At 3 a.m. a placeholder is worse than an error now. */
const filledIn = z
  .string()
  .min(1)
  .refine((text) => !/^\s*(fill in\b.*|to-?do\b[:.…!]*|to-?do: .*|tbd\b.*|\[.*\]|<.*>)\s*$/i.test(text), {
    message: "must be filled in",
  });

const person = z
  .strictObject({ name: filledIn, email: filledIn.optional(), phone: filledIn.optional() })
  .refine((entry) => entry.email !== undefined || entry.phone !== undefined, {
    message: "must have an email or a phone",
  });

const dependency = z.strictObject({ name: filledIn, contact: filledIn });

/** The checklist's last page: whom to call. In every report and failure message. */
export const contactSettings = z.strictObject({
  team: z.strictObject({ lead: person, databaseAdmin: person, devOps: person }),
  escalation: z.strictObject({ technicalLead: person, productOwner: person, onCall: person }),
  dependencies: z.strictObject({ cloudProvider: dependency, databaseVendor: dependency, monitoring: dependency }),
});

/** When a deployment may change things, in UTC; `any` where nobody cares. */
export const maintenanceWindowSettings = z.union([
  z.literal("any"),
  z.strictObject({
    days: z.array(z.enum(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"])).min(1),
    fromUtc: timeOfDay,
    toUtc: timeOfDay,
    /** Lets a run go ahead outside the window until a time; the report says who asked and why. */
    override: z
      .strictObject({
        by: filledIn,
        reason: filledIn,
        until: z.iso.datetime({ error: "must be a time in UTC such as 2026-11-26T14:30:00Z" }),
      })
      .optional(),
  }),
]);

/** Boxes that only a person can know, each with who knows it and since when. */
export const signOffSettings = z.array(
  z.strictObject({
    box: z.string().refine((id) => personal.includes(id), {
      message: `must be a box that only a person can confirm: ${personal.join(", ")}`,
    }),
    by: filledIn,
    on: z.iso.date(),
  }),
);
