import { z } from "zod";
import { timeOfDay } from "./time-of-day";

/** Snapshots before a change of schema, how they are proved, how long they are kept; and the scheduled ones. */
export const backupSettings = z
  .strictObject({
    /** `restore`: the snapshot is restored beside the database and compared. `none`: nobody knows whether it can be. */
    proof: z.enum(["restore", "none"]).default("restore"),
    /** Who decided on `proof: none`, and why. The report shows it. */
    reason: z.string().min(10, "must say who decided it and why").optional(),
    /** Of the restored copy; the database's own where it is not given. A smaller one costs less and proves slower. */
    copyInstanceClass: z.string().regex(/^db\./, "must be an RDS instance class such as db.t4g.small").optional(),
    /** Connections that read the database at the same time for the comparison; more is faster, and writers notice more of it. */
    readers: z.int().min(1).max(8).default(1),
    /** Tables that the comparison leaves out, as `schema.table`, each with the reason, which the report shows. */
    exclude: z
      .array(
        z.strictObject({
          table: z.string().regex(/^[^.]+\..+$/, "must be schema.table, such as public.sessions"),
          reason: z.string().min(10, "must say why it need not be proved that this can be restored"),
        }),
      )
      .default([]),
    /** Whether a change of schema waits until its way there and back was rehearsed on a restored copy (`npm run pair`). */
    pairRehearsal: z.enum(["required", "asked for"]).default("asked for"),
    /** Snapshots before a change of schema are kept at least as long, in days; */
    keepDays: z.int().min(1).max(3650).default(35),
    /** and at least as many of them, however old. The newest proven one is never pruned. */
    keepSnapshots: z.int().min(1).max(100).default(3),
    /** When AWS Backup takes the scheduled snapshots of database and data volume, each day: it begins within an hour from then on. */
    scheduledAtUtc: timeOfDay.default("06:00"),
    /** How long the scheduled ones are kept, in days. */
    scheduledKeepDays: z.int().min(1).max(3650).default(35),
  })
  .refine((backup) => backup.proof === "restore" || backup.reason !== undefined, {
    path: ["reason"],
    message: "must say who decided on proof: none, and why",
  });
