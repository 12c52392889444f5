import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, cp, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { cacheDirectory } from "../../core/cache";
import { mustRun, runProgram } from "../../core/program";
import type { Settings } from "../../settings/settings";
import { checkOut } from "../check-out";
import { declaredVariables } from "../declared-variables";
import { type ArtifactIdentity, artifactKey } from "./identity";
import { type ArtifactManifest, contentDigest } from "./manifest";
import { nodeRuntime } from "./node-runtime";
import { timeByContent } from "./times";

export type Artifact = {
  path: string;
  /** SHA-256 of the archive, hexadecimal: its name everywhere. */
  digest: string;
  bytes: number;
  unpackedBytes: number;
};

/** How long one build command may take. */
const commandTimeoutMs = 15 * 60_000;

/** How long tar may take to pack what was built. */
const packTimeoutMs = 10 * 60_000;

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
 * @throws Error with the failing command's last lines
 */
export async function buildArtifact(
  app: Settings["app"],
  identity: ArtifactIdentity,
  release: string,
  progress: (message: string) => void,
): Promise<Artifact> {
  const work = await mkdtemp(join(tmpdir(), "artifact-"));
  try {
    const checkout = join(work, "checkout");
    progress(`checking out ${release} (${identity.commit.slice(0, 10)})`);
    await checkOut(app.repository, identity.commit, checkout);
    const variables = await readFile(join(checkout, identity.variablesFile), "utf8").then(
      declaredVariables,
      () => null,
    );
    const node = await nodeRuntime(app.build.nodeVersion, identity.platform);
    for (const command of app.build.commands) {
      progress(`building: ${command}`);
      const startedAt = Date.now();
      await runBuildCommand(command, join(checkout, app.build.directory), { node, variables: app.build.variables });
      progress(`built in ${((Date.now() - startedAt) / 1000).toFixed(1)} s: ${command}`);
    }
    progress("packing the artifact");
    const tree = join(work, "artifact");
    await layOut(tree, checkout, app, node);
    const manifest: ArtifactManifest = {
      commit: identity.commit,
      nodeVersion: app.build.nodeVersion,
      schemaVersions: identity.schemaVersions,
      requiredVariables: variables,
      content: await contentDigest(tree),
    };
    await writeFile(join(tree, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
    return await packArtifact(tree, archivePath(artifactKey(identity)));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function archivePath(key: string): string {
  return cacheDirectory("artifacts", `${key}.tar.gz`);
}

async function layOut(tree: string, checkout: string, app: Settings["app"], node: string): Promise<void> {
  await mkdir(join(tree, "runtime/bin"), { recursive: true });
  await cp(node, join(tree, "runtime/bin/node"));
  await chmod(join(tree, "runtime/bin/node"), 0o755);
  for (const path of app.build.include) {
    await mkdir(dirname(join(tree, "app", path)), { recursive: true });
    // Links of npm workspaces stay links: they are relative and lead to what is included too.
    await cp(join(checkout, path), join(tree, "app", path), { recursive: true, verbatimSymlinks: true }).catch(
      (error: unknown) => {
        throw new Error(`app.build.include names ${path}, which the build did not make (${String(error)})`);
      },
    );
  }
  await cp(join(checkout, app.frontend.directory), join(tree, "frontend"), { recursive: true }).catch(
    (error: unknown) => {
      throw new Error(
        `app.frontend.directory is ${app.frontend.directory}, which the build did not make (${String(error)})`,
      );
    },
  );
}

async function runBuildCommand(
  command: string,
  directory: string,
  options: { node: string; variables: Record<string, string> },
): Promise<void> {
  const done = await runProgram("build", ["-c", command], {
    cwd: directory,
    env: { PATH: `${dirname(options.node)}:${process.env.PATH ?? ""}`, CI: "true", ...options.variables },
    timeoutMs: commandTimeoutMs,
  });
  if (done.exitCode !== 0) throw new Error(`the build command "${command}" ${done.how}:\n${done.lastWords}`);
}

/** Packs a directory: the same files give the same bytes, wherever and whenever they were written. Their times become others. */
export async function packArtifact(tree: string, path: string): Promise<Artifact> {
  await timeByContent(tree);
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}`;
  const options = [
    "--sort=name",
    "--owner=0",
    "--group=0",
    "--numeric-owner",
    "--mode=u+rwX,go+rX,go-w",
    "--format=gnu",
  ];
  await mustRun(
    "tar",
    ["-C", tree, ...options, "--force-local", "--use-compress-program=gzip -n -1", "-cf", temporary, "."],
    { env: { LC_ALL: "C" }, timeoutMs: packTimeoutMs },
  );
  const hash = createHash("sha256");
  await pipeline(createReadStream(temporary), hash);
  const used = await mustRun("du", ["-s", "--block-size=1", "--", tree], { timeoutMs: packTimeoutMs });
  const artifact = {
    digest: hash.digest("hex"),
    bytes: (await stat(temporary)).size,
    unpackedBytes: Number.parseInt(used, 10),
  };
  await rename(temporary, path);
  await writeFile(`${path}.json`, `${JSON.stringify(artifact)}\n`);
  return { path, ...artifact };
}
