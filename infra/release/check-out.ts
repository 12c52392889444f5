import { git, placeOf, runGit } from "./git";

/** A whole repository over a slow line. */
const timeoutMs = 15 * 60_000;

/**
 * Puts the files of a commit into a new directory, a clone of its own with its history.
 * @throws Error with git's own words
 */
export async function checkOut(repository: string, commit: string, directory: string): Promise<void> {
  const place = placeOf(repository);
  await git(["clone", "--quiet", "--no-checkout", "--", place, directory], { timeoutMs });
  // A commit that is on no branch and has no tag comes by its name alone.
  const isThere = (await runGit(["cat-file", "-e", `${commit}^{commit}`], { directory })).exitCode === 0;
  if (!isThere) await git(["fetch", "--quiet", "--", place, commit], { directory, timeoutMs });
  await git(["checkout", "--quiet", "--detach", commit], { directory, timeoutMs });
}
