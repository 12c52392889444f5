import { log } from "./log.js";
import { hashPassword } from "./passwords.js";
import { requireSchema } from "./schema.js";
import type { Services } from "./services.js";

/** What must be true before the first request. Harmless when another copy does the same at this moment. */
export async function prepare(services: Services): Promise<void> {
  await requireSchema(services.database);
  await ensureAdmin(services);
}

export async function ensureAdmin({ users, environment: { admin } }: Services): Promise<void> {
  if (await users.hasAdmin()) return;
  if (!admin) log.warn("there is no administrator, and ADMIN_EMAIL or ADMIN_PASSWORD is not set");
  else if (await users.createAdmin(admin.email, await hashPassword(admin.password))) log.info("made the first administrator");
  else if (!(await users.hasAdmin())) log.warn("ADMIN_EMAIL belongs to a user who is no administrator");
}
