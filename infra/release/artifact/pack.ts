import { mkdir, rename, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { mustRun } from "../../core/program";
import { fileDigest } from "./manifest";
import { timeByContent } from "./times";

export type Artifact = {
  path: string;
  /** SHA-256 of the archive, hexadecimal: its name everywhere. */
  digest: string;
  bytes: number;
  unpackedBytes: number;
};

/** How long tar may take to pack what was built. */
const packTimeoutMs = 10 * 60_000;

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
  const used = await mustRun("du", ["-s", "--block-size=1", "--", tree], { timeoutMs: packTimeoutMs });
  const artifact = {
    digest: await fileDigest(temporary),
    bytes: (await stat(temporary)).size,
    unpackedBytes: Number.parseInt(used, 10),
  };
  await rename(temporary, path);
  await writeFile(`${path}.json`, `${JSON.stringify(artifact)}\n`);
  return { path, ...artifact };
}
