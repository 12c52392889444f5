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
  const isHere = (await execa("git", ["-C", repository, "cat-file", "-e", `${commit}^{commit}`], { reject: false })).exitCode === 0;
  if (isHere) return missingIn(repository, commit, paths);
  const directory = await mkdtemp(join(tmpdir(), "release-"));
  try {
    await execa("git", ["init", "--quiet", "--bare", directory]);
    await execa("git", ["-C", directory, "fetch", "--quiet", "--depth=1", repository, commit], { timeout: 120_000, env: { GIT_TERMINAL_PROMPT: "0" } });
    return await missingIn(directory, commit, paths);
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
