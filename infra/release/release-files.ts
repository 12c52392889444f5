import { fetchCommit, holds, notFound, unreadable } from "./find-commit";
import { git, inTemporaryRepository, isDirectory, runGit } from "./git";

/**
 * Which of some files a commit does not hold, or holds empty; nothing is checked out.
 * @param repository a directory or an address that git understands
 * @throws Failure when the commit can't be had
 */
export async function missingFiles(repository: string, commit: string, paths: readonly string[]): Promise<string[]> {
  return withCommit(repository, commit, async (directory) => {
    const entries = await Promise.all(paths.map((path) => entryOf(directory, commit, path)));
    return paths.filter((_, index) => (entries[index]?.size ?? 0) === 0);
  });
}

/** A file's text at a commit; undefined where the commit holds none. @throws Failure when the commit can't be had */
export async function releaseFile(repository: string, commit: string, path: string): Promise<string | undefined> {
  return (await releaseTexts(repository, commit, [path]))[0];
}

/** The same for several files. */
export async function releaseTexts(
  repository: string,
  commit: string,
  paths: readonly string[],
): Promise<(string | undefined)[]> {
  return withCommit(repository, commit, (directory) =>
    Promise.all(
      paths.map(async (path) => {
        const entry = await entryOf(directory, commit, path);
        return entry === undefined ? undefined : git(["cat-file", "blob", entry.object], { directory });
      }),
    ),
  );
}

export type Branches = {
  /** Those that hold the commit, as far as the repository's history goes. */
  names: string[];
  /** Whether that history is cut off: then there may be more. */
  isShallow: boolean;
};

/** The branches that hold a commit. @throws Failure when the repository's history can't be had */
export async function branchesWith(repository: string, commit: string): Promise<Branches> {
  if (isDirectory(repository)) return branchesIn(repository, commit);
  return inTemporaryRepository(async (directory) => {
    // Over a network commits alone, and no file. Not on this machine: what is shallow is mostly here, and of a shallow repository git
    // would then look for what was cut off without an end.
    const filter = repository.startsWith("file:") ? [] : ["--filter=tree:0"];
    const fetch = ["fetch", "--quiet", "--update-shallow", ...filter, "--", repository, "+refs/heads/*:refs/heads/*"];
    const fetched = await runGit(fetch, { directory, timeoutMs: 300_000 });
    if (fetched.exitCode !== 0) throw unreadable(repository, fetched.words);
    // As without an end for a commit that is on no branch, while it knows where to look.
    if (filter.length > 0) await git(["config", "--remove-section", `remote.${repository}`], { directory });
    return branchesIn(directory, commit);
  });
}

async function branchesIn(directory: string, commit: string): Promise<Branches> {
  const isShallow = (await git(["rev-parse", "--is-shallow-repository"], { directory })).trim() === "true";
  if (!(await holds(directory, commit))) return { names: [], isShallow };
  // A clone knows the others' branches as those of a remote.
  const places = ["refs/heads", "refs/remotes"];
  const listed = await git(["for-each-ref", `--contains=${commit}`, "--format=%(refname)", ...places], { directory });
  const names = listed.split("\n").map((ref) => ref.replace(/^refs\/(heads|remotes\/[^/]+)\//, ""));
  return { names: [...new Set(names.filter((name) => name !== ""))], isShallow };
}

/**
 * Works on a commit where it is, or where it was fetched to.
 * @throws Failure saying why it can't be had
 */
export async function withCommit<T>(
  repository: string,
  commit: string,
  work: (directory: string) => Promise<T>,
): Promise<T> {
  if (isDirectory(repository) && (await holds(repository, commit))) return work(repository);
  if (isDirectory(repository)) throw await notFound(commit, repository);
  return inTemporaryRepository(async (directory) => {
    await fetchCommit(directory, repository, commit);
    return work(directory);
  });
}

/** Size 0 means an empty file; a directory counts as something. */
async function entryOf(
  directory: string,
  commit: string,
  path: string,
): Promise<{ object: string; size: number } | undefined> {
  const listed = await git(["ls-tree", "--long", "--full-tree", commit, "--", path], { directory });
  const [, object = "", size] = /^\d+ \w+ ([0-9a-f]+) +(\d+|-)\t/.exec(listed) ?? [];
  return object === "" ? undefined : { object, size: size === "-" ? 1 : Number(size) };
}
