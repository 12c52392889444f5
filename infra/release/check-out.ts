import { resolve } from "node:path";
import { fetchCommit, holds, unreadable, wholeRepositoryMs } from "./find-commit";
import { git, isDirectory, placeOf, runGit } from "./git";
import { largeFilesConfig, requireLargeFiles } from "./large-files";
import { checkOutSubmodules } from "./submodules";

/**
 * Puts the files of a commit into a new directory, its own clone with its history, its submodules and what is in Git LFS.
 * @throws Failure naming what can't be had, with git's own words
 */
export async function checkOut(repository: string, commit: string, directory: string): Promise<void> {
  const place = placeOf(repository);
  const timeoutMs = wholeRepositoryMs;
  const cloned = await runGit(["clone", "--quiet", "--no-checkout", "--", place, directory], { timeoutMs });
  if (cloned.exitCode !== 0) throw unreadable(repository, cloned.words);
  // A commit that is on no branch and has no tag comes by its name alone.
  if (!(await holds(directory, commit))) await fetchCommit(directory, repository, commit);
  const config = await largeFilesConfig();
  const checkedOut = await runGit(["checkout", "--quiet", "--detach", commit], { directory, timeoutMs, config });
  if (checkedOut.exitCode !== 0) throw unreadable(repository, checkedOut.words);
  // Git leaves out a file whose content a partial clone lacks, and ends well.
  const lacking = await git(["ls-files", "--deleted"], { directory });
  if (lacking !== "")
    throw unreadable(repository, `it lacks the content of ${lacking.trim().split("\n").slice(0, 5).join(", ")}`);
  // What is beside a clone's own origin (../lib) is not beside the clone.
  await git(["remote", "set-url", "origin", await originOf(place)], { directory });
  const submodules = await checkOutSubmodules(directory, timeoutMs, config);
  await requireLargeFiles(directory, [directory, ...submodules], timeoutMs);
}

async function originOf(place: string): Promise<string> {
  if (!isDirectory(place)) return place;
  const asked = await runGit(["config", "--get", "remote.origin.url"], { directory: place });
  const origin = asked.stdout.trim();
  if (asked.exitCode !== 0 || origin === "") return place;
  return isDirectory(resolve(place, origin)) ? resolve(place, origin) : origin;
}
