import { withoutAddressPassword } from "../core/address-password";
import { Failure } from "../core/failure";
import { isDirectory, placeOf, runGit } from "./git";

/** A whole repository over a slow line. */
export const wholeRepositoryMs = 15 * 60_000;

export async function holds(directory: string, commit: string): Promise<boolean> {
  return (await runGit(["cat-file", "-e", `${commit}^{commit}`], { directory })).exitCode === 0;
}

/**
 * Fetches a commit into a repository that lacks it.
 * @throws Failure in git's own words where the source can't be read, or saying that it lacks the commit
 */
export async function fetchCommit(directory: string, repository: string, commit: string): Promise<void> {
  const fetch = ["fetch", "--quiet", "--update-shallow"];
  const source = ["--", placeOf(repository)];
  const alone = await runGit([...fetch, "--depth=1", ...source, commit], { directory, timeoutMs: 120_000 });
  if (alone.exitCode === 0) return;
  // Not every server gives a commit that it does not list; its branches and tags it gives.
  const listed = ["heads", "tags"].map((kind) => `+refs/${kind}/*:refs/fetched/${kind}/*`);
  const all = await runGit([...fetch, ...source, ...listed], { directory, timeoutMs: wholeRepositoryMs });
  if (all.exitCode !== 0) throw unreadable(repository, all.words);
  if (!(await holds(directory, commit))) throw await notFound(commit, repository);
}

export function unreadable(repository: string, words: string): Failure {
  return new Failure(
    "repository-unreadable",
    `prompt-library:app.repository ${withoutAddressPassword(repository)} could not be read: ${words}`,
    "`git ls-remote -- REPOSITORY` must answer on this machine without a question; or pulumi config set --path app.repository REPOSITORY",
    { changed: "nothing" },
  );
}

/** Why a repository does not give a release. */
export async function notFound(name: string, repository: string): Promise<Failure> {
  if (isDirectory(repository)) {
    const asked = await runGit(["rev-parse", "--is-shallow-repository"], { directory: repository });
    if (asked.exitCode !== 0) return unreadable(repository, asked.words);
    if (asked.stdout.trim() === "true") return cutOff(repository, `it lacks ${name}, or what leads to it`);
  }
  return new Failure(
    "release-unknown",
    `prompt-library:release must be a tag, a branch or the full id of a commit of ${withoutAddressPassword(repository)} (it is ${JSON.stringify(name)}); nothing has changed`,
    "git ls-remote -- REPOSITORY lists tags and branches; then pulumi config set release NAME",
    { changed: "nothing" },
  );
}

export function cutOff(directory: string, consequence: string): Failure {
  return new Failure(
    "clone-shallow",
    `${directory} is a shallow clone: its history is cut off, so ${consequence}`,
    `git -C ${directory} fetch --unshallow --tags origin '+refs/heads/*:refs/remotes/origin/*' (GitHub's actions/checkout: fetch-depth: 0), or name the repository's address in app.repository`,
    { changed: "nothing" },
  );
}
