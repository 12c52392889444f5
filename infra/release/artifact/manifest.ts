import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

/** `manifest.json` in an artifact: what it is and what it needs, by itself and without the program that built it. */
export type ArtifactManifest = {
  /** 40 hexadecimal digits. */
  commit: string;
  nodeVersion: string;
  /** The schema versions that config declares this release for. */
  schemaVersions: readonly number[];
  /** The variables that the release declares as needed; null where it has no such file. */
  requiredVariables: readonly string[] | null;
  /** SHA-256 over every file's and link's path and content, in the order of their paths. */
  content: string;
};

/** The digest of what lies below a directory, whatever the order and time it was written in. */
export async function contentDigest(directory: string): Promise<string> {
  const hash = createHash("sha256");
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries.map((entry) => ({
    entry,
    path: join(entry.parentPath, entry.name).slice(directory.length + 1),
  }));
  for (const { entry, path } of paths.sort((a, b) => (a.path < b.path ? -1 : 1))) {
    if (entry.isSymbolicLink()) hash.update(`link ${path}\n${await readlink(join(directory, path))}\n`);
    else if (entry.isFile()) hash.update(`file ${path}\n${await fileDigest(join(directory, path))}\n`);
  }
  return hash.digest("hex");
}

/** SHA-256, hexadecimal, of a file of any size. */
export async function fileDigest(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
