import { cp, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { cacheDirectory } from "../cache";
import { buildOnce, hashOf } from "../toolchain/build-once";
import { type Files, releaseFiles } from "./repository";

/**
 * The sample application's release or variant, built as its own README says; from the cache where that was done before. Gives
 * the directory that stands for the repository's root. Costs half a minute for the first release, ten seconds for each variant.
 *
 * @throws Error for a tag that doesn't exist; execa's error with the output of the command that failed
 */
export async function builtRelease(tag: string): Promise<string> {
  // What lies beside it, such as documents, is in no build.
  const files: Files = new Map([...(await releaseFiles(tag))].filter(([path]) => path.startsWith("interface/")));
  const modules = await installedModules(files);
  const content = [...files].map(([path, text]) => [path, text.toString("base64")]);
  const directory = cacheDirectory("app", `${tag}-${hashOf([content, process.version])}`);
  return buildOnce(directory, console.error, async () => {
    await cp(modules, directory, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => path !== join(modules, "finished"),
    });
    await write(directory, files);
    await npm(directory, ["run", "build"]);
  });
}

/** All that `npm ci` needs and makes: the same for every release with this lockfile. */
async function installedModules(files: Files): Promise<string> {
  const manifests: Files = new Map([...files].filter(([path]) => /(^|\/)package(-lock)?\.json$/.test(path)));
  const content = [...manifests].map(([path, text]) => [path, text.toString()]);
  const directory = cacheDirectory("app", `modules-${hashOf([content, process.version])}`);
  return buildOnce(directory, console.error, async () => {
    await write(directory, manifests);
    await npm(directory, ["ci", "--no-audit", "--no-fund"]);
  });
}

async function write(directory: string, files: Files): Promise<void> {
  for (const [path, content] of files) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), content);
  }
}

async function npm(directory: string, args: readonly string[]): Promise<void> {
  // Under production npm leaves out the compilers.
  await execa("npm", args, {
    cwd: join(directory, "interface"),
    env: { NODE_ENV: "development" },
    all: true,
    stdin: "ignore",
  });
}
