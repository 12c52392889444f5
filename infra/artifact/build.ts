import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { execa } from "execa";
import { cacheDirectory } from "../cache";
import type { Release } from "../release";
import type { Settings } from "../settings";
import { type ArtifactIdentity, artifactKey } from "./identity";
import { nodeRuntime } from "./node-runtime";

export type Artifact = {
  path: string;
  /** SHA-256 of the archive, hexadecimal: its name everywhere. */
  digest: string;
  /** Whether an earlier build of the same content was found. */
  isFromCache: boolean;
};

/** How long one build command may take. */
const commandTimeoutMs = 15 * 60_000;

/**
 * Builds a release in a clean checkout of its commit: `app/` what the backend needs, `frontend/` the built files,
 * `runtime/bin/node`, `release.json`. Sorted and without times, so that the same commit gives the same bytes.
 * @throws Error with the failing command's last lines
 */
export async function buildArtifact(app: Settings["app"], release: Release, progress: (message: string) => void): Promise<Artifact> {
  const identity: ArtifactIdentity = { commit: release.commit, build: app.build, frontend: app.frontend, platform: "linux-x64" };
  const path = cacheDirectory("artifacts", `${artifactKey(identity)}.tar.gz`);
  const known = await readFile(`${path}.sha256`, "utf8").catch(() => undefined);
  if (known !== undefined) return { path, digest: known.trim(), isFromCache: true };

  const work = await mkdtemp(join(tmpdir(), "artifact-"));
  try {
    const checkout = join(work, "checkout");
    progress(`checking out ${release.name} (${release.commit.slice(0, 10)})`);
    await execa("git", ["clone", "--quiet", "--no-checkout", app.repository, checkout]);
    await execa("git", ["-C", checkout, "-c", "advice.detachedHead=false", "checkout", "--quiet", release.commit]);
    const node = await nodeRuntime(app.build.nodeVersion, identity.platform);
    for (const command of app.build.commands) {
      progress(`building: ${command}`);
      await runBuildCommand(command, join(checkout, app.build.directory), { node, variables: app.build.variables });
    }
    progress("packing the artifact");
    const tree = join(work, "artifact");
    await layOut(tree, checkout, app, node);
    await writeFile(
      join(tree, "release.json"),
      `${JSON.stringify({ release: release.name, commit: release.commit, nodeVersion: app.build.nodeVersion }, null, 2)}\n`,
    );
    const digest = await pack(tree, path);
    return { path, digest, isFromCache: false };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function layOut(tree: string, checkout: string, app: Settings["app"], node: string): Promise<void> {
  await mkdir(join(tree, "runtime/bin"), { recursive: true });
  await cp(node, join(tree, "runtime/bin/node"));
  await chmod(join(tree, "runtime/bin/node"), 0o755);
  for (const path of app.build.include) {
    await mkdir(dirname(join(tree, "app", path)), { recursive: true });
    // Links of npm workspaces stay links: they are relative and lead to what is included too.
    await cp(join(checkout, path), join(tree, "app", path), { recursive: true, verbatimSymlinks: true }).catch((error: unknown) => {
      throw new Error(`app.build.include names ${path}, which the build did not make (${String(error)})`);
    });
  }
  await cp(join(checkout, app.frontend.directory), join(tree, "frontend"), { recursive: true }).catch((error: unknown) => {
    throw new Error(`app.frontend.directory is ${app.frontend.directory}, which the build did not make (${String(error)})`);
  });
}

/** The builder's environment is not the build's: no credential of the deployment reaches a package's scripts. */
const inherited = /^(HOME|LANG|LC_.*|TMPDIR|XDG_CACHE_HOME|https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY|NODE_EXTRA_CA_CERTS|npm_config_(registry|cafile|cache|userconfig))$/;

async function runBuildCommand(command: string, directory: string, options: { node: string; variables: Record<string, string> }): Promise<void> {
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => inherited.test(name)));
  const done = await execa("/bin/sh", ["-c", command], {
    cwd: directory,
    extendEnv: false,
    env: { ...environment, PATH: `${dirname(options.node)}:${process.env.PATH ?? ""}`, CI: "true", ...options.variables },
    all: true,
    reject: false,
    timeout: commandTimeoutMs,
  });
  if (done.exitCode !== 0)
    throw new Error(`the build command "${command}" ended with ${done.exitCode ?? done.signal}:\n${done.all.split("\n").slice(-20).join("\n")}`);
}

async function pack(tree: string, path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}`;
  const options = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "--mode=u+rwX,go+rX,go-w", "--format=gnu"];
  await execa("tar", ["-C", tree, ...options, "--use-compress-program=gzip -n -1", "-cf", temporary, "."]);
  const hash = createHash("sha256");
  await pipeline(createReadStream(temporary), hash);
  const digest = hash.digest("hex");
  await rename(temporary, path);
  await writeFile(`${path}.sha256`, `${digest}\n`);
  return digest;
}
