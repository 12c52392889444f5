import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Plugin } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Below the checkout, so that what is not bundled is found in its node_modules. */
const directory = join(root, "infra/.steps");

/** Compiled as one module, `require` is not there, and packages written for CommonJS ask for it. */
const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/** Each source keeps the place that it knows itself by: they find sql/ and the project from there. */
const placed: Plugin = {
  name: "placed",
  setup: (build) =>
    build.onLoad({ filter: /\/infra\/.*\.ts$/ }, async ({ path }) => ({
      contents: (await readFile(path, "utf8")).replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href)),
      loader: "ts",
    })),
};

/**
 * Compiles the phases to JavaScript where their code has changed since. Each phase runs in its own process: from TypeScript it takes a
 * second of processor time to start, ten times a deployment, and compiled a fifth of that.
 * @returns whether anything had to be done
 * @throws esbuild's errors, each with its file and line
 */
export async function bundleSteps(): Promise<boolean> {
  const digest = await digestOfSources();
  const stamp = join(directory, "digest");
  if ((await readFile(stamp, "utf8").catch(() => "")) === digest) return false;
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ["infra/phases/main.ts"],
    outdir: directory,
    bundle: true,
    splitting: true,
    platform: "node",
    target: "node20",
    format: "esm",
    // libpg-query finds its WebAssembly beside itself.
    external: ["playwright-core", "pg-native", "libpg-query"],
    plugins: [placed],
    banner: { js: banner },
    write: false,
    logLevel: "silent",
  });
  await mkdir(directory, { recursive: true });
  // Parts are named by their content and main.js asks for them, so it comes last: a run that continues meanwhile finds its own.
  outputFiles.sort((a, b) => Number(basename(a.path) === "main.js") - Number(basename(b.path) === "main.js"));
  for (const { path, contents } of [...outputFiles, { path: stamp, contents: digest }]) {
    const temporary = `${path}.${process.pid}`;
    await writeFile(temporary, contents);
    await rename(temporary, path);
  }
  await removeOldParts(new Set(outputFiles.map(({ path }) => basename(path))));
  return true;
}

/** Parts of earlier compilations, but for those that a run of today may still load. */
async function removeOldParts(current: ReadonlySet<string>): Promise<void> {
  const dayAgo = Date.now() - 86_400_000;
  for (const name of await readdir(directory)) {
    if (!name.endsWith(".js") || current.has(name)) continue;
    const path = join(directory, name);
    // Another program may remove it at the same time.
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && found.mtimeMs < dayAgo) await rm(path, { force: true });
  }
}

async function digestOfSources(): Promise<string> {
  const entries = await readdir(join(root, "infra"), { recursive: true });
  const sources = [
    "package-lock.json",
    ...entries.filter((name) => name.endsWith(".ts")).map((name) => join("infra", name)),
  ].sort();
  const hash = createHash("sha256").update(root);
  for (const source of sources) hash.update(`\0${source}\0`).update(await readFile(join(root, source)));
  return hash.digest("hex");
}
