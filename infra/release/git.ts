import { statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { withoutAddressPassword } from "../core/address-password";
import { type Ended, runProgram } from "../core/program";

const options = [
  // The operator's own hooks are for the operator's own work.
  "core.hooksPath=/dev/null",
  "advice.detachedHead=false",
  // Such an address is a command.
  "protocol.ext.allow=never",
].flatMap((option) => ["-c", option]);

export type GitOptions = {
  /** The repository to work in, and none above it; without it git is in none at all. */
  directory?: string;
  timeoutMs?: number;
  /** Beside its own, as `name=value`; what git starts knows it too. */
  config?: readonly string[];
};

export type GitEnded = Ended & {
  /** How it ended, in its own words; no password of an address is among them. */
  words: string;
};

/**
 * Runs git, the only place that does. A repository's address or a path goes behind `--`, since it may read as an option.
 */
export async function runGit(
  args: readonly string[],
  { directory = "/", timeoutMs = 60_000, config = [] }: GitOptions = {},
): Promise<GitEnded> {
  const more = config.flatMap((option) => ["-c", option]);
  const done = await runProgram("git", [...options, ...more, ...args], {
    cwd: directory,
    timeoutMs,
    env: {
      GIT_TERMINAL_PROMPT: "0",
      GIT_LITERAL_PATHSPECS: "1",
      GIT_CEILING_DIRECTORIES: dirname(resolve(directory)),
      LC_ALL: "C",
    },
  });
  return {
    ...done,
    words: `git ${args[0]} ${done.how}: ${withoutAddressPassword(done.lastWords) || "no error output"}`,
  };
}

/** @returns what git printed @throws Error with git's own words */
export async function git(args: readonly string[], where: GitOptions = {}): Promise<string> {
  const done = await runGit(args, where);
  if (done.exitCode === 0) return done.stdout;
  throw new Error(done.words);
}

/** A repository by a name that means the same in every directory. */
export function placeOf(repository: string): string {
  return isDirectory(repository) ? resolve(repository) : repository;
}

export function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** An empty repository for one piece of work. */
export async function inTemporaryRepository<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "release-"));
  try {
    await git(["init", "--quiet", "--bare"], { directory });
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
