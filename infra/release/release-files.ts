import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";

/**
 * Which of some files a commit does not hold, or holds empty; nothing is checked out.
 * @param repository a directory or an address that git understands
 * @throws Error when the commit can't be had
 */
export async function missingFiles(repository: string, commit: string, paths: readonly string[]): Promise<string[]> {
  return withCommit(repository, commit, (directory) => missingIn(directory, commit, paths));
}

/** A file's text at a commit; undefined where the commit holds none. @throws Error when the commit can't be had */
export async function releaseFile(repository: string, commit: string, path: string): Promise<string | undefined> {
  return withCommit(repository, commit, async (directory) => {
    const shown = await execa("git", ["-C", directory, "show", `${commit}:${path}`], { reject: false });
    return shown.exitCode === 0 ? shown.stdout : undefined;
  });
}

/** The branches that hold a commit. @throws Error when the repository's history can't be had */
export async function branchesWith(repository: string, commit: string): Promise<string[]> {
  const isLocal = (await execa("git", ["-C", repository, "rev-parse", "--git-dir"], { reject: false })).exitCode === 0;
  const directory = isLocal ? repository : await mkdtemp(join(tmpdir(), "release-"));
  try {
    // Of its history commits alone: no file is fetched.
    if (!isLocal)
      await execa("git", ["clone", "--quiet", "--bare", "--filter=tree:0", repository, directory], {
        timeout: 300_000,
        env: { GIT_TERMINAL_PROMPT: "0" },
      });
    // A clone knows the others' branches as those of a remote.
    const listed = await execa("git", [
      "-C",
      directory,
      "for-each-ref",
      "--contains",
      commit,
      "--format=%(refname)",
      "refs/heads",
      "refs/remotes",
    ]);
    return [
      ...new Set(
        listed.stdout
          .split("\n")
          .filter((row) => row !== "")
          .map((ref) => ref.replace(/^refs\/(heads|remotes\/[^/]+)\//, "")),
      ),
    ];
  } finally {
    if (!isLocal) await rm(directory, { recursive: true, force: true });
  }
}

async function withCommit<T>(repository: string, commit: string, work: (directory: string) => Promise<T>): Promise<T> {
  const isHere =
    (await execa("git", ["-C", repository, "cat-file", "-e", `${commit}^{commit}`], { reject: false })).exitCode === 0;
  if (isHere) return work(repository);
  const directory = await mkdtemp(join(tmpdir(), "release-"));
  try {
    await execa("git", ["init", "--quiet", "--bare", directory]);
    await execa("git", ["-C", directory, "fetch", "--quiet", "--depth=1", repository, commit], {
      timeout: 120_000,
      env: { GIT_TERMINAL_PROMPT: "0" },
    });
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function missingIn(directory: string, commit: string, paths: readonly string[]): Promise<string[]> {
  const sizes = paths.map(async (path) => {
    const found = await execa("git", ["-C", directory, "cat-file", "-s", `${commit}:${path}`], { reject: false });
    return found.exitCode === 0 ? Number(found.stdout) : 0;
  });
  return (await Promise.all(sizes)).flatMap((size, index) => (size > 0 ? [] : [paths[index] ?? ""]));
}
