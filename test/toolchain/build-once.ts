import { createHash } from "node:crypto";
import { mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { withLock } from "./lock";

export type Log = (line: string) => void;

/** The short name of what something is made from: equal ingredients, equal name. */
export function hashOf(ingredients: unknown): string {
  return createHash("sha256").update(JSON.stringify(ingredients)).digest("hex").slice(0, 12);
}

/**
 * Makes `directory` unless it was made before; its name must hold a hash of all that goes into it (`hashOf`).
 * One process builds, others wait. The file `finished` is written last: a build that was killed has none, is removed
 * and begun again. It is built in its final place, since a Python environment holds its own path and can't be moved.
 */
export async function buildOnce(
  directory: string,
  log: Log,
  build: (directory: string) => Promise<void>,
): Promise<string> {
  if (await isFinished(directory)) return directory;
  const lock = join(dirname(directory), `${basename(directory)}.lock`);
  await withLock(lock, log, async () => {
    if (await isFinished(directory)) return;
    await rm(directory, { recursive: true, force: true });
    await mkdir(directory, { recursive: true });
    await build(directory);
    await writeFile(join(directory, "finished.new"), `${new Date().toISOString()}\n`);
    await rename(join(directory, "finished.new"), join(directory, "finished"));
  });
  return directory;
}

/** Whether `buildOnce` came to its end there. */
export async function isFinished(directory: string): Promise<boolean> {
  return stat(join(directory, "finished")).then(
    () => true,
    () => false,
  );
}
