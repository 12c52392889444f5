import { notFound, unreadable } from "./find-commit";
import { placeOf, runGit } from "./git";
import { withCommit } from "./release-files";

export type Release = {
  /** As the config names it. */
  name: string;
  /** 40 hexadecimal digits. */
  commit: string;
};

/**
 * Finds the commit of a release, in a directory or at an address that git understands, by the same rules; changes nothing.
 * @throws Failure naming the release, the repository and what to do; where the repository can't be read, in git's own words
 */
export async function resolveRelease(name: string, repository: string): Promise<Release> {
  if (/^[0-9a-f]{40}$/.test(name)) return withCommit(repository, name, async () => ({ name, commit: name }));
  // An annotated tag has the commit that it stands for as an entry of its own.
  const refs = [`refs/tags/${name}^{}`, `refs/tags/${name}`, `refs/heads/${name}`];
  const listed = await runGit(["ls-remote", "--", placeOf(repository), ...refs], { timeoutMs: 20_000 });
  if (listed.exitCode !== 0) throw unreadable(repository, listed.words);
  const commits = new Map(listed.stdout.split("\n").map((row) => row.split("\t").reverse() as [string, string]));
  const commit = refs.map((ref) => commits.get(ref)).find((each) => each !== undefined);
  if (commit !== undefined) return { name, commit };
  throw await notFound(name, repository);
}
