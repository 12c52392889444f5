import { execa } from "execa";

export type Release = {
  /** As the config names it. */
  name: string;
  /** 40 hexadecimal digits. */
  commit: string;
};

/**
 * Finds the commit of a release, in a directory or at an address that git understands; changes nothing.
 * @throws Error naming the release, the repository and what to do
 */
export async function resolveRelease(name: string, repository: string): Promise<Release> {
  const commit = (await local(name, repository)) ?? (await remote(name, repository));
  if (commit !== undefined) return { name, commit };
  throw new Error(
    `prompt-library:release must be a tag, branch or commit of ${repository} (it is ${JSON.stringify(name)}); nothing has been changed. ` +
      `Remedy: git -C REPOSITORY tag lists the releases; then pulumi config set release NAME`,
  );
}

async function local(name: string, repository: string): Promise<string | undefined> {
  const found = await execa("git", ["-C", repository, "rev-parse", "--verify", "--quiet", `${name}^{commit}`], {
    reject: false,
  });
  return found.exitCode === 0 ? found.stdout.trim() : undefined;
}

async function remote(name: string, repository: string): Promise<string | undefined> {
  const refs = [`refs/tags/${name}^{}`, `refs/tags/${name}`, `refs/heads/${name}`];
  const listed = await execa("git", ["ls-remote", repository, ...refs], {
    reject: false,
    timeout: 20_000,
    env: { GIT_TERMINAL_PROMPT: "0" },
  });
  if (listed.exitCode !== 0) return undefined;
  const commits = new Map(listed.stdout.split("\n").map((row) => row.split("\t").reverse() as [string, string]));
  return refs.map((ref) => commits.get(ref)).find((commit) => commit !== undefined);
}
