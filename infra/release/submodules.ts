import { join } from "node:path";
import { Failure } from "../core/failure";
import { git, runGit } from "./git";

/**
 * Checks out the submodules of what is checked out, and those inside them.
 * @returns the directories that hold one
 * @throws Failure naming those that can't be had, with git's own words
 */
export async function checkOutSubmodules(
  directory: string,
  timeoutMs: number,
  config: readonly string[],
): Promise<string[]> {
  if ((await submodulesIn(directory)).length === 0) return [];
  const update = ["submodule", "--quiet", "update", "--init", "--recursive", "--checkout"];
  // By default git fetches none from this machine. Here nothing is gained by that: the build runs what the release says anyway.
  const done = await runGit(update, { directory, timeoutMs, config: [...config, "protocol.file.allow=always"] });
  const { there, missing } = await lookForSubmodules(directory, "");
  if (missing.length === 0) return there.map((path) => join(directory, path));
  throw new Failure(
    "submodule-missing",
    `the release's ${missing.length === 1 ? "submodule" : "submodules"} ${missing.join(", ")} could not be checked out: ${done.words}`,
    "`git submodule update --init --recursive` in a new clone of the release must end without a question on this machine",
    { changed: "nothing" },
  );
}

async function lookForSubmodules(root: string, path: string): Promise<{ there: string[]; missing: string[] }> {
  const found = { there: [] as string[], missing: [] as string[] };
  for (const submodule of await submodulesIn(join(root, path))) {
    const place = join(path, submodule.path);
    const head = await runGit(["rev-parse", "HEAD"], { directory: join(root, place) });
    if (head.stdout.trim() !== submodule.commit) {
      found.missing.push(place);
      continue;
    }
    const inside = await lookForSubmodules(root, place);
    found.there.push(place, ...inside.there);
    found.missing.push(...inside.missing);
  }
  return found;
}

async function submodulesIn(directory: string): Promise<{ path: string; commit: string }[]> {
  const listed = await git(["ls-tree", "-r", "-z", "HEAD"], { directory });
  return listed.split("\0").flatMap((row) => {
    const [, commit = "", path] = /^160000 commit ([0-9a-f]+)\t([\s\S]+)$/.exec(row) ?? [];
    return path === undefined ? [] : [{ path, commit }];
  });
}
