import { cp, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const moduleNames = ["pulumi", "nodejs", "command", "postgresql", "aws"] as const;
export type ModuleName = (typeof moduleNames)[number];

/** Every file that the builds read, by its path below test/toolchain. */
export async function readSources(): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const name of moduleNames) {
    for (const file of (await readdir(sourceDirectory(name))).sort()) {
      files[`${name}/${file}`] = await readFile(join(sourceDirectory(name), file), "utf8");
    }
  }
  return files;
}

/** Copies a module's sources, since Go may write into the directory that it builds in. */
export async function copySources(name: ModuleName, to: string): Promise<void> {
  await cp(sourceDirectory(name), to, { recursive: true });
}

function sourceDirectory(name: ModuleName): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
