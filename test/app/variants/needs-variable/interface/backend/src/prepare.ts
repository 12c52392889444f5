import type { Services } from "./services.js";

/** A release that asks for a variable which the release before it did not know. */
export async function prepare(_services: Services): Promise<void> {
  if (!process.env.SMTP_URL) throw new Error("environment: SMTP_URL is missing");
}
