import { randomBytes, randomInt } from "node:crypto";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { initStack } from "../../infra/cli/init-secrets";
import { pathExists } from "../../infra/core/path-exists";
import { sampleRepository } from "../app/repository";
import { cacheDirectory } from "../cache";
import { type Cloud, cloudStatus, startCloud, stopCloud } from "../cloud/cloud";
import { keys } from "../cloud/iam/principals";
import { installDebianPackages, rehearsalPackages } from "../debian-packages";
import { freePort } from "../free-port";
import { setupToolchain } from "../toolchain/setup";
import { issueCertificate } from "./certificates";
import { Pulumi } from "./pulumi";

export type RehearsalOptions = {
  stack?: string;
  /** Where stack file, state, passphrase, sample application and local cloud are; gone with `--down`. */
  home?: string;
  /** Broken releases of the sample application, each tagged `v1.2.0-NAME`. */
  variants?: readonly string[];
  log: (line: string) => void;
};

export type Rehearsal = {
  pulumi: Pulumi;
  cloud: Cloud;
  home: string;
  environment: Record<string, string>;
  /** The sample application's. */
  repository: string;
  /** PEM file of who signs the databases' certificates. */
  databaseAuthority: string;
};

/**
 * The whole of it on this machine: engine, local cloud, sample application, a stack of its own. What is there already is
 * used again. Nothing is deployed yet.
 */
export async function prepareRehearsal(options: RehearsalOptions): Promise<Rehearsal> {
  const { log } = options;
  const stack = options.stack ?? "rehearsal";
  const home = options.home ?? rehearsalHome();
  await mkdir(join(home, "state"), { recursive: true });
  await installDebianPackages(rehearsalPackages, log);
  log("the engine and its plugins");
  const toolchain = await setupToolchain({ log });
  log("the local cloud");
  await forgetWhatIsGone(home, log);
  const cloud = await startCloud({ home: join(home, "cloud"), log });
  log("the sample application");
  const repository = join(home, "prompt-library");
  await sampleRepository(repository, { variants: options.variants ?? [] });
  const environment = {
    ...toolchain.environment,
    ...cloud.environment,
    // Held to what docs/aws-permissions.json allows.
    AWS_ACCESS_KEY_ID: keys.operator,
    // Amazon's own limit of tries is made for a service that heals while one waits; this one does not.
    AWS_MAX_ATTEMPTS: "3",
    PULUMI_BACKEND_URL: `file://${join(home, "state")}`,
    PULUMI_CONFIG_PASSPHRASE_FILE: await passphraseFile(home),
  };
  Object.assign(process.env, environment);
  const configFile = join(home, `Pulumi.${stack}.yaml`);
  const publicRoot = join(home, `public-ca-${stack}.pem`);
  if (!(await pathExists(configFile))) {
    await copyFile("Pulumi.yaml", join(home, "Pulumi.yaml"));
    const template = await readFile("Pulumi.rehearsal.yaml", "utf8");
    await writeFile(
      configFile,
      template
        .replace("REHEARSAL_REPOSITORY", repository)
        .replaceAll("REHEARSAL_DATABASE_CA", join(home, "cloud", "database-ca.pem"))
        .replace("REHEARSAL_PUBLIC_CA", publicRoot)
        // Two rehearsals on one machine must not meet at one port. Below those that the system hands out to whoever
        // connects: one of them could be taken at the next run.
        .replace(/tunnelPort: \d+/, `tunnelPort: ${await freePort(randomInt(15_432, 25_432))}`),
    );
  }
  log("the stack, its keys and secrets");
  await initStack({
    stack,
    configFile,
    log,
    certify: async (publicName) => {
      const { root, ...issued } = await issueCertificate(publicName, "ecdsa");
      await writeFile(publicRoot, root);
      return issued;
    },
  });
  return {
    pulumi: new Pulumi({ stack, configFile, environment }),
    cloud,
    home,
    environment,
    repository,
    databaseAuthority: join(home, "cloud", "database-ca.pem"),
  };
}

/** Stops the local cloud and forgets the stack on it: both or neither. */
export async function endRehearsal(options: { home?: string; log: (line: string) => void }): Promise<void> {
  const home = options.home ?? rehearsalHome();
  await stopCloud({ home: join(home, "cloud"), log: options.log });
  await rm(home, { recursive: true, force: true });
  options.log("the rehearsal is gone: local cloud, stack, sample application");
}

/** `REHEARSAL_HOME` moves it, so that two rehearsals can run side by side. */
export function rehearsalHome(): string {
  return process.env.REHEARSAL_HOME ?? cacheDirectory("rehearsal");
}

/** The local cloud keeps everything in memory, so a state that is older than the cloud speaks of what is gone. */
async function forgetWhatIsGone(home: string, log: (line: string) => void): Promise<void> {
  const status = await cloudStatus({ home: join(home, "cloud") });
  if (status.isRunning || !(await pathExists(join(home, "state/.pulumi")))) return;
  log(
    "the local cloud was stopped since the last rehearsal, and what was deployed on it is gone with it: its state is forgotten too",
  );
  await rm(join(home, "state"), { recursive: true, force: true });
  await mkdir(join(home, "state"));
}

async function passphraseFile(home: string): Promise<string> {
  const file = join(home, "passphrase");
  if (!(await pathExists(file))) await writeFile(file, randomBytes(24).toString("base64url"), { mode: 0o600 });
  return file;
}
