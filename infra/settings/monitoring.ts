import { z } from "zod";

/** How the stack is watched between two deployments. */
export const monitoringSettings = z.strictObject({
  /**
   * How often the host asks its own public health. The application's rate limit counts each: some allow a client 100 requests in 15
   * minutes, and behind a proxy all users are one client.
   */
  healthCheckMinutes: z
    .int()
    .refine((minutes) => minutes >= 1 && minutes <= 30 && 60 % minutes === 0, {
      message: "must divide 60 and be at most 30",
    })
    .default(2),
  /** Less of the database's storage is free. */
  databaseFreeStoragePercent: z.int().min(1).max(90).default(10),
  databaseCpuPercent: z.int().min(1).max(100).default(80),
  /** More connections than this; the class of the instance allows so many (225 at 2 GiB), PgBouncer's pool takes fewer. */
  databaseConnections: z.int().min(1).default(100),
  /** Where whoever an alarm wakes finds what to do, a section for each: a file of this program, or a link. */
  runbook: z
    .string()
    .regex(/^(docs\/\S+|https:\/\/\S+)$/, "must be a file of this program (docs/NAME.md) or a link (https://…)")
    .default("docs/runbooks/alarms.md"),
});
