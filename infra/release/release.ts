import { withoutAddressPassword } from "../core/address-password";
import { Failure } from "../core/failure";
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
 * @throws Error naming the release, the repository and what to do; where the repository can't be read, in git's own words
 */
export async function resolveRelease(name: string, repository: string): Promise<Release> {
  if (/^[0-9a-f]{40}$/.test(name)) return withCommit(repository, name, async () => ({ name, commit: name }));
  // An annotated tag has the commit that it stands for as an entry of its own.
  const refs = [`refs/tags/${name}^{}`, `refs/tags/${name}`, `refs/heads/${name}`];
  const listed = await runGit(["ls-remote", "--", placeOf(repository), ...refs], { timeoutMs: 20_000 });
  if (listed.exitCode !== 0)
    throw new Failure(
      "repository-unreadable",
      `prompt-library:app.repository ${withoutAddressPassword(repository)} could not be read: ${listed.words}`,
      "`git ls-remote -- REPOSITORY` must answer on this machine without a question; or pulumi config set --path app.repository REPOSITORY",
      { changed: "nothing" },
    );
  const commits = new Map(listed.stdout.split("\n").map((row) => row.split("\t").reverse() as [string, string]));
  const commit = refs.map((ref) => commits.get(ref)).find((each) => each !== undefined);
  if (commit !== undefined) return { name, commit };
  throw new Failure(
    "release-unknown",
    `prompt-library:release must be a tag, a branch or the full id of a commit of ${withoutAddressPassword(repository)} (it is ${JSON.stringify(name)}); nothing has changed`,
    "git ls-remote -- REPOSITORY lists tags and branches; then pulumi config set release NAME",
    { changed: "nothing" },
  );
}
