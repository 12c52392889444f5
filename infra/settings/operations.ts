import { z } from "zod";

const person = z.strictObject({
  name: z.string().min(1),
  email: z.string().optional(),
  phone: z.string().optional(),
});

const dependency = z.strictObject({ name: z.string().min(1), contact: z.string().min(1) });

/** The checklist's last page: whom to call. In every report and failure message. */
export const contactSettings = z.strictObject({
  team: z.strictObject({ lead: person, databaseAdmin: person, devOps: person }),
  escalation: z.strictObject({ technicalLead: person, productOwner: person, onCall: person }),
  dependencies: z.strictObject({ cloudProvider: dependency, databaseVendor: dependency, monitoring: dependency }),
});

/** Boxes that only a person can know. */
export const signOffSettings = z.array(
  z.strictObject({ box: z.string().min(1), by: z.string().min(1), on: z.iso.date() }),
);

export const verificationSettings = z.strictObject({
  adminEmail: z.email(),
  /** How long the new release must stay quiet under traffic before the old slot is stopped. */
  bakeSeconds: z.int().min(0).max(3600).default(5),
});
