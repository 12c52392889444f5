import { lutimes, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileDigest } from "./manifest";

/**
 * Gives each file a time that its content decides: whoever serves files (nginx, Express) makes their validators of time and size, and
 * a browser whose copy is of the same time and size keeps it. All between 1970 and 2004, since HTTP knows no date in the future; what
 * is no file gets the first.
 */
export async function timeByContent(directory: string): Promise<void> {
  await lutimes(directory, 0, 0);
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const seconds = entry.isFile() ? secondsOf(await fileDigest(path)) : 0;
    await lutimes(path, seconds, seconds);
  }
}

function secondsOf(digest: string): number {
  return Number.parseInt(digest.slice(0, 8), 16) >>> 2;
}
