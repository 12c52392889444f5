import { mkdir, realpath, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { cacheDirectory } from "../cache";
import type { Log } from "./build-once";
import { pluginNames, type Versions } from "./versions";

/** The directory of a `pulumi` 3.x that somebody installed on this machine; null where there is none. Never our own build. */
export async function findInstalledPulumi(): Promise<string | null> {
  const found = await execa("sh", ["-c", "command -v pulumi"], { reject: false });
  if (found.failed) return null;
  const program = await realpath(found.stdout);
  if (program.startsWith(cacheDirectory())) return null;
  const version = await execa(program, ["version"], {
    reject: false,
    timeout: 10_000,
    env: { PULUMI_SKIP_UPDATE_CHECK: "true" },
  });
  return /^v?3\./.test(version.stdout) ? dirname(program) : null;
}

/**
 * Pulumi's own plugins, beside an installed `pulumi`, into `home`. False where Pulumi's site doesn't hand over the
 * smallest of them within 20 s, as on machines that reach package registries only.
 */
export async function installFromPulumi(
  home: string,
  programs: string,
  versions: Versions,
  log: Log,
): Promise<boolean> {
  await mkdir(join(home, "bin"), { recursive: true });
  for (const program of ["pulumi", "pulumi-language-nodejs"]) {
    await symlink(join(programs, program), join(home, "bin", program));
  }
  for (const [index, name] of pluginNames.entries()) {
    const version = versions.plugins[name];
    log(`pulumi plugin install resource ${name} ${version}`);
    const result = await execa(join(home, "bin/pulumi"), ["plugin", "install", "resource", name, version], {
      reject: false,
      all: true,
      timeout: index === 0 ? 20_000 : 900_000,
      env: { PULUMI_HOME: home, PULUMI_SKIP_UPDATE_CHECK: "true" },
    });
    if (!result.failed) continue;
    if (index === 0) return false;
    throw new Error(`pulumi plugin install resource ${name} ${version} failed:\n${result.all}`);
  }
  return true;
}
