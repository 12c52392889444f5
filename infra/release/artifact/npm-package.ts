import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathExists } from "../../core/path-exists";
import { type Ended, mustRun, runProgram } from "../../core/program";

/**
 * Unpacks a package of npm's registry into a directory of the cache, once.
 * @param check of the archive, before anything of it is unpacked
 * @returns how it went where npm does not give it; undefined where it is there
 */
export async function unpackPackage(
  name: string,
  directory: string,
  members: readonly string[],
  check: (archive: string) => Promise<void> = async () => undefined,
): Promise<Ended | undefined> {
  if (await pathExists(directory)) return undefined;
  const temporary = `${directory}.${process.pid}`;
  await mkdir(temporary, { recursive: true });
  try {
    const packed = await runProgram("npm", ["pack", "--silent", "--pack-destination", temporary, "--", name], {
      timeoutMs: 300_000,
    });
    if (packed.exitCode !== 0) return packed;
    const [archive = ""] = (await readdir(temporary)).filter((file) => file.endsWith(".tgz"));
    await check(join(temporary, archive));
    const unpack = ["--force-local", "-xzf", join(temporary, archive), "-C", temporary, "--strip-components=1"];
    await mustRun("tar", [...unpack, ...members], { timeoutMs: 120_000 });
    await rm(join(temporary, archive));
    await mkdir(dirname(directory), { recursive: true });
    await rename(temporary, directory).catch(async (error: unknown) => {
      if (!(await pathExists(directory))) throw error;
    });
    return undefined;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
