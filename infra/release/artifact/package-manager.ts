import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { cacheDirectory } from "../../core/cache";
import { Failure } from "../../core/failure";
import { mustRun } from "../../core/program";
import { unpackPackage } from "./npm-package";
import { parsePackage } from "./packages";

const form = /^(npm|pnpm|yarn)@(\d+\.\d+\.\d+(?:-[\w.]+)?)(?:\+(sha\d+)\.([0-9a-f]+))?$/;

const bins = z.object({ bin: z.union([z.string(), z.record(z.string(), z.string())]) });

/**
 * The package manager that a release names in `packageManager` of its package.json, of that version and with that checksum, as Corepack
 * reads it; from npm's registry.
 * @param directories where the package.json may be, the first one that names a package manager counts
 * @param work a directory that lives as long as the build
 * @returns a directory with its programs, for PATH; undefined where the release names none
 */
export async function packageManagerFor(directories: readonly string[], work: string): Promise<string | undefined> {
  const asked = await askedFor(directories);
  if (asked === undefined) return undefined;
  const [, manager, version = "", algorithm, checksum] = form.exec(asked) ?? [];
  if (manager === undefined) throw unfit(`names ${JSON.stringify(asked)}`);
  // From its second version on, Yarn is another package, and the checksum that of its one program.
  const isNewYarn = manager === "yarn" && !/^[01]\./.test(version);
  const name = `${isNewYarn ? "@yarnpkg/cli-dist" : manager}@${version}`;
  const directory = cacheDirectory("package-managers", `${asked.replaceAll(/[^\w.@-]/g, "-")}`);
  const failed = await unpackPackage(name, directory, [], async (archive) => {
    if (algorithm === undefined) return;
    const content = isNewYarn ? await yarnProgram(archive) : await readFile(archive);
    const found = createHash(algorithm).update(content).digest("hex");
    if (found !== checksum) throw unfit(`names ${asked}; the registry's ${name} has ${algorithm}.${found}`);
  });
  if (failed !== undefined)
    throw unfit(`names ${asked}; npm pack ${name} ${failed.how}: ${failed.lastWords.slice(-300)}`);
  return writePrograms(manager, directory, work);
}

async function askedFor(directories: readonly string[]): Promise<string | undefined> {
  for (const directory of directories) {
    const text = await readFile(join(directory, "package.json"), "utf8").catch(() => "");
    const asked = parsePackage(text)?.packageManager;
    if (asked !== undefined) return asked;
  }
  return undefined;
}

async function yarnProgram(archive: string): Promise<Buffer> {
  const text = await mustRun("tar", ["--force-local", "-xzOf", archive, "package/bin/yarn.js"], { timeoutMs: 60_000 });
  return Buffer.from(text);
}

/** Programs that run with the release's own Node.js, which is first in PATH. */
async function writePrograms(manager: string, directory: string, work: string): Promise<string> {
  const { bin } = bins.parse(JSON.parse(await readFile(join(directory, "package.json"), "utf8")));
  const programs = await mkdtemp(join(work, "package-manager-"));
  await mkdir(programs, { recursive: true });
  for (const [name, file] of Object.entries(typeof bin === "string" ? { [manager]: bin } : bin)) {
    await writeFile(join(programs, name), `#!/bin/sh\nexec node '${join(directory, file)}' "$@"\n`);
    await chmod(join(programs, name), 0o755);
  }
  return programs;
}

function unfit(what: string): Failure {
  return new Failure(
    "package-manager-unknown",
    `packageManager in the release's package.json ${what}`,
    "it must be npm, pnpm or yarn with an exact version, such as pnpm@9.15.9, and the checksum that `corepack use` writes or none",
    { changed: "nothing" },
  );
}
