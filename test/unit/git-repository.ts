import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A file's text, or where a link leads. */
export type Content = string | { link: string };

/** Runs git as somebody whom no configuration of this machine concerns. */
export function gitAlone(directory: string, ...args: string[]): string {
  const who = Object.fromEntries(
    ["AUTHOR", "COMMITTER"].flatMap((each) => [
      [`GIT_${each}_NAME`, "t"],
      [`GIT_${each}_EMAIL`, "t@t"],
    ]),
  );
  return execFileSync("git", ["-C", directory, "-c", "protocol.file.allow=always", ...args], {
    env: { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1", ...who },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  }).trim();
}

/** Commits files over what a repository holds, which is made where there is none. @returns the commit's id */
export function commitFiles(directory: string, files: Readonly<Record<string, Content>>): string {
  mkdirSync(directory, { recursive: true });
  gitAlone(directory, "init", "--quiet", "--initial-branch=main");
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    if (typeof content === "string") writeFileSync(join(directory, path), content);
    else symlinkSync(content.link, join(directory, path));
  }
  gitAlone(directory, "add", "--all");
  gitAlone(directory, "commit", "--quiet", "--allow-empty", "--message", "files");
  return gitAlone(directory, "rev-parse", "HEAD");
}
