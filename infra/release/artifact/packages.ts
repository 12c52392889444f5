import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";

const dependencies = z.record(z.string(), z.string()).optional();

const packageFile = z.object({
  name: z.string().optional(),
  packageManager: z.string().optional(),
  engines: z.object({ node: z.string().optional() }).optional(),
  dependencies,
  optionalDependencies: dependencies,
  peerDependencies: dependencies,
});

export type Package = z.infer<typeof packageFile>;

/** Undefined for what no package manager would read either. */
export function parsePackage(text: string): Package | undefined {
  try {
    return packageFile.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** The name of the package that a path of a checkout belongs to. */
export async function packageAround(path: string, checkout: string): Promise<string | undefined> {
  for (let directory = path; directory.startsWith(`${checkout}/`); directory = dirname(directory)) {
    const found = await readPackage(join(directory, "package.json"));
    if (found !== undefined) return found.name;
  }
  return undefined;
}

/** Whether one of the release's own packages below a directory needs a package to run. */
export async function isNeeded(name: string, directory: string): Promise<boolean> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (entry.name !== "package.json" || `${entry.parentPath}/`.includes("/node_modules/")) continue;
    const found = await readPackage(join(entry.parentPath, entry.name));
    const needs = { ...found?.dependencies, ...found?.optionalDependencies, ...found?.peerDependencies };
    if (name in needs) return true;
  }
  return false;
}

async function readPackage(path: string): Promise<Package | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  return text === undefined ? undefined : parsePackage(text);
}
