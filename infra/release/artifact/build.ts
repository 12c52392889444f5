import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cacheDirectory } from "../../core/cache";
import { Failure } from "../../core/failure";
import { runProgram } from "../../core/program";
import type { Settings } from "../../settings/settings";
import { checkOut } from "../check-out";
import { declaredVariables } from "../declared-variables";
import { inBuildDirectory } from "./build-directory";
import { type ArtifactIdentity, artifactKey } from "./identity";
import { layOut } from "./lay-out";
import { type ArtifactManifest, contentDigest } from "./manifest";
import { nodeRuntime } from "./node-runtime";
import { type Artifact, packArtifact } from "./pack";
import { packageManagerFor } from "./package-manager";

/** How long one build command may take. */
const commandTimeoutMs = 15 * 60_000;

/** What this machine built of the same content before. */
export async function builtEarlier(key: string): Promise<Artifact | undefined> {
  const path = archivePath(key);
  try {
    return { path, ...(JSON.parse(await readFile(`${path}.json`, "utf8")) as Omit<Artifact, "path">) };
  } catch {
    return undefined;
  }
}

/**
 * Builds a release in a clean checkout of its commit: `app/` what the backend needs, `frontend/` the built files,
 * `runtime/bin/node`, `manifest.json`. Sorted and with times of its own, so that the same commit gives the same bytes.
 * @throws Failure with the failing command's last lines, or naming what of the release is missing
 */
export async function buildArtifact(
  app: Settings["app"],
  identity: ArtifactIdentity,
  release: string,
  progress: (message: string) => void,
): Promise<Artifact> {
  const key = artifactKey(identity);
  return inBuildDirectory(key, async (work) => {
    const checkout = join(work, "checkout");
    progress(`checking out ${release} (${identity.commit.slice(0, 10)})`);
    await checkOut(app.repository, identity.commit, checkout);
    const variables = await readFile(join(checkout, identity.variablesFile), "utf8").then(
      declaredVariables,
      () => null,
    );
    const { nodeVersion } = identity.build;
    const node = await nodeRuntime(nodeVersion, identity.platform);
    const directory = join(checkout, app.build.directory);
    const manager = await packageManagerFor([directory, checkout], work);
    const environment = {
      PATH: [dirname(node.program), manager, process.env.PATH].filter((path) => path !== undefined).join(":"),
      CI: "true",
      // Native modules are compiled with the headers of the version that will run them; node-gyp would ask nodejs.org for them.
      npm_config_nodedir: node.directory,
      ...app.build.variables,
    };
    for (const command of app.build.commands) {
      progress(`building: ${command}`);
      const startedAt = Date.now();
      await runBuildCommand(command, directory, environment);
      progress(`built in ${((Date.now() - startedAt) / 1000).toFixed(1)} s: ${command}`);
    }
    progress("packing the artifact");
    const tree = join(work, "artifact");
    await layOut(tree, checkout, app, node.program);
    const manifest: ArtifactManifest = {
      commit: identity.commit,
      nodeVersion,
      schemaVersions: identity.schemaVersions,
      requiredVariables: variables,
      content: await contentDigest(tree),
    };
    await writeFile(join(tree, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
    return packArtifact(tree, archivePath(key));
  });
}

function archivePath(key: string): string {
  return cacheDirectory("artifacts", `${key}.tar.gz`);
}

async function runBuildCommand(command: string, directory: string, env: Record<string, string>): Promise<void> {
  const done = await runProgram("build", ["-c", command], { cwd: directory, env, timeoutMs: commandTimeoutMs });
  if (done.exitCode === 0) return;
  throw new Failure(
    "artifact-not-built",
    `the build command "${command}" ${done.how}:\n${done.lastWords}`,
    "fix the release's build or app.build.commands, or choose another release; then pulumi up",
    { changed: "nothing" },
  );
}
