import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Where downloads, builds and images are kept between runs and between checkouts: never inside the checkout,
 * so that a fresh clone finds what an earlier one built. `PROMPT_LIBRARY_CACHE` moves it.
 */
export function cacheDirectory(...parts: string[]): string {
  const root =
    process.env.PROMPT_LIBRARY_CACHE ??
    join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "prompt-library-deployment");
  return join(root, ...parts);
}
