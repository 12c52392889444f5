import { z } from "zod";

/** How the stack is watched between two deployments. */
export const monitoringSettings = z.strictObject({
  /**
   * How often the host asks its own public health. The application's rate limit counts each: some allow a client 100 requests in 15
   * minutes, and behind a proxy all users are one client.
   */
  healthCheckMinutes: z
    .int()
    .refine((minutes) => minutes >= 1 && 60 % minutes === 0, { message: "must divide 60" })
    .default(2),
});
