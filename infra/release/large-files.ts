import { open } from "node:fs/promises";
import { join, relative } from "node:path";
import { Failure } from "../core/failure";
import { git, runGit } from "./git";

/** A file's first line where its content is in Git LFS and was not fetched. */
const pointerBegins = "version https://git-lfs.github.com/spec/v1\n";

/** No pointer is longer, by the rules of Git LFS. */
const pointerBytes = 1024;

/** How git is to treat files in LFS: as git-lfs does where it is installed, whether it was set up or not; else to leave them. */
export async function largeFilesConfig(): Promise<string[]> {
  if (!(await hasLargeFiles())) return ["filter.lfs.process=", "filter.lfs.smudge=", "filter.lfs.required=false"];
  return [
    "filter.lfs.process=git-lfs filter-process",
    "filter.lfs.smudge=git-lfs smudge -- %f",
    "filter.lfs.clean=git-lfs clean -- %f",
    "filter.lfs.required=true",
    // A download that fails leaves the pointer: which files have one we say ourselves, for all of them at once.
    "lfs.skipdownloaderrors=true",
  ];
}

/**
 * Fetches what the checkout did not find where the repository came from: a clone's own origin may have it.
 * @throws Failure naming the files that have no content then
 */
export async function requireLargeFiles(
  root: string,
  directories: readonly string[],
  timeoutMs: number,
): Promise<void> {
  const missing: string[] = [];
  let why = "git-lfs is not installed";
  for (const directory of directories) {
    let pointers = await pointersIn(directory);
    if (pointers.length > 0 && (await hasLargeFiles())) {
      const pulled = await runGit(["lfs", "pull"], { directory, timeoutMs, config: await largeFilesConfig() });
      why = `git-lfs could not fetch it: ${pulled.words}`;
      pointers = await pointersIn(directory);
    }
    missing.push(...pointers.map((path) => relative(root, path)));
  }
  if (missing.length === 0) return;
  const named = missing.slice(0, 5).join(", ") + (missing.length > 5 ? ` and ${missing.length - 5} more` : "");
  throw new Failure(
    "lfs-content-missing",
    `the content of ${named} is in Git LFS, and ${why}`,
    "apt-get install git-lfs; `git lfs pull` in a new clone of the release must end without a question on this machine",
    { changed: "nothing" },
  );
}

async function hasLargeFiles(): Promise<boolean> {
  return (await runGit(["lfs", "version"])).exitCode === 0;
}

async function pointersIn(directory: string): Promise<string[]> {
  const listed = await git(["ls-tree", "-r", "-l", "-z", "HEAD"], { directory });
  const small = listed.split("\0").flatMap((row) => {
    const [, size, path] = /^100\d+ blob [0-9a-f]+ +(\d+)\t([\s\S]+)$/.exec(row) ?? [];
    return path !== undefined && Number(size) <= pointerBytes ? [path] : [];
  });
  const pointers: string[] = [];
  for (const path of small) if (await isPointer(join(directory, path))) pointers.push(path);
  if (pointers.length === 0) return [];
  // A file that only looks like a pointer belongs to no filter.
  const attributes = await git(["check-attr", "-z", "filter", "--", ...pointers.slice(0, 1000)], { directory });
  const fields = attributes.split("\0");
  return fields.flatMap((field, index) =>
    index % 3 === 2 && field === "lfs" ? [join(directory, fields[index - 2]!)] : [],
  );
}

async function isPointer(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(pointerBegins.length), 0);
    return buffer.toString("latin1", 0, bytesRead) === pointerBegins;
  } finally {
    await file.close();
  }
}
