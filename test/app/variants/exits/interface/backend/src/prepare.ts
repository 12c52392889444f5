import type { Services } from "./services.js";

/** A release that a mistake of its authors ends at once. */
export async function prepare(_services: Services): Promise<void> {
  throw new Error("cannot find the template directory /srv/templates");
}
