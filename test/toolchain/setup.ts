import { rm } from "node:fs/promises";
import { cacheDirectory } from "../cache";
import { findAwsProvider } from "./aws-provider";
import { buildFromModules, hasProvider, linkProvider } from "./build";
import { buildOnce, hashOf, isFinished, type Log } from "./build-once";
import { toolchainEnvironment } from "./environment";
import { findGo } from "./go";
import { findInstalledPulumi, installFromPulumi } from "./pulumi-site";
import { readSources } from "./sources";
import { pinnedVersions } from "./versions";

export interface Toolchain {
  /** A PULUMI_HOME of the project's own: stand-ins never hide a real plugin in somebody's home. */
  pulumiHome: string;
  /** To be added to the environment of whatever runs Pulumi. */
  environment: Record<string, string>;
}

/**
 * The engine, its Node.js language host and the command, postgresql and aws plugins, in the versions of package.json.
 * From Pulumi where a `pulumi` 3.x is installed and its site answers; else built from the Go module proxy, once, into
 * the cache. Milliseconds when they are there, ten minutes and more on two cores when they are not.
 */
export async function setupToolchain({ log = () => {} }: { log?: Log } = {}): Promise<Toolchain> {
  const pulumiHome = (await fromPulumi(log)) ?? (await fromModules(log));
  return { pulumiHome, environment: toolchainEnvironment(pulumiHome, process.env.PATH ?? "") };
}

class SiteIsSilent extends Error {}

async function fromPulumi(log: Log): Promise<string | null> {
  const versions = pinnedVersions();
  const directory = cacheDirectory("toolchain", `pulumi-${hashOf({ versions, from: "Pulumi" })}`);
  if (await isFinished(directory)) return directory;
  if (await isFinished(await homeOfModules())) return null;
  const programs = await findInstalledPulumi();
  if (programs === null) return null;
  try {
    return await buildOnce(directory, log, async (home) => {
      if (!(await installFromPulumi(home, programs, versions, log))) throw new SiteIsSilent();
    });
  } catch (error) {
    if (!(error instanceof SiteIsSilent)) throw error;
    await rm(directory, { recursive: true, force: true });
    log("Pulumi's site did not hand over a plugin within 20 s: building all from the Go module proxy");
    return null;
  }
}

async function fromModules(log: Log): Promise<string> {
  const directory = await homeOfModules();
  const versions = pinnedVersions();
  await buildOnce(directory, log, async (home) => {
    const provider = await findAwsProvider();
    const go = await findGo(log);
    await buildFromModules(home, { go, versions, provider, log });
  });
  if (!(await hasProvider(directory, versions))) {
    log("the AWS provider's binary is no longer where it was: looking for it");
    await linkProvider(directory, versions, await findAwsProvider());
  }
  return directory;
}

/** The AWS provider isn't among the ingredients: its version is pinned, and looking for it takes seconds. */
async function homeOfModules(): Promise<string> {
  const ingredients = {
    versions: pinnedVersions(),
    sources: await readSources(),
    on: [process.platform, process.arch],
  };
  return cacheDirectory("toolchain", `pulumi-${hashOf(ingredients)}`);
}
