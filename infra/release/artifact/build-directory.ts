import { lstat, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { haveEnded, theseProcesses } from "../../core/process";

/**
 * Works in an empty directory whose path is the same for the same key: compilers and package managers write the path that they work in
 * into what they make. Where another build is at work in it, in one of any name.
 */
export async function inBuildDirectory<T>(key: string, work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await realpath(await takeDirectory(join(tmpdir(), `artifact-${key.slice(0, 16)}`)));
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function takeDirectory(path: string): Promise<string> {
  if (await isLeftBehind(path)) await rm(path, { recursive: true, force: true });
  try {
    await mkdir(path, { mode: 0o700 });
  } catch {
    return mkdtemp(`${path}-`);
  }
  await writeFile(join(path, builder), theseProcesses() ?? "");
  return path;
}

const builder = "builder.json";

/** Whether the build that works there was ended before it could remove it. */
async function isLeftBehind(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined || !found.isDirectory() || found.uid !== process.getuid?.()) return false;
  return haveEnded(await readFile(join(path, builder), "utf8").catch(() => ""));
}
