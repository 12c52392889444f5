import { readdir, readlink, realpath, rm, symlink } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { Failure } from "../../core/failure";
import { pathExists } from "../../core/path-exists";
import { isNeeded, packageAround } from "./packages";

/** What of a checkout was copied where, as a setting names it. Its links may lead to all of it, and no further. */
export type Part = { from: string; to: string; setting: string };

type Link = {
  /** In the copy. */
  path: string;
  /** Where it was in the checkout. */
  source: string;
  text: string;
  /** Where in the checkout it leads. */
  target: string;
};

/**
 * Makes the links of a part work wherever the artifact is unpacked: one with an absolute path of the checkout becomes relative.
 * Links to packages that nothing here needs are left out: package managers create one for each workspace.
 * @param sharedDirectories paths in the checkout that the host keeps outside of releases
 * @throws Failure naming a link that leads out, or to what the artifact lacks
 */
export async function settleLinks(part: Part, checkout: string, sharedDirectories: readonly string[]): Promise<void> {
  const links = await linksOf(part);
  for (const { path, source, text, target } of links) {
    if (!isInside(target, part.from)) throw leadsOut(relative(checkout, source), text, part);
    if (!text.startsWith("/")) continue;
    await rm(path);
    await symlink(relative(dirname(source), target) || ".", path);
  }
  const shared = sharedDirectories.map((path) => join(checkout, path));
  const isUnneeded = await Promise.all(
    links.map(async (link) => {
      const reached = await realpath(link.path).catch(() => undefined);
      if (reached !== undefined && isInside(reached, part.to)) return false;
      if (shared.some((directory) => isInside(link.target, directory))) return false;
      if (await canBeLeftOut(link, part, checkout)) return true;
      throw await leadsNowhere(link, part, checkout);
    }),
  );
  for (const [index, { path }] of links.entries()) if (isUnneeded[index]) await rm(path);
}

async function linksOf({ from, to }: Part): Promise<Link[]> {
  const entries = await readdir(to, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isSymbolicLink()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    paths.sort().map(async (path) => {
      const source = join(from, relative(to, path));
      const text = await readlink(path);
      return { path, source, text, target: resolve(dirname(source), text) };
    }),
  );
}

/** Whether nothing can miss a link below `node_modules`: it led nowhere after the build either, or to a package that nobody needs. */
async function canBeLeftOut({ source, target }: Link, part: Part, checkout: string): Promise<boolean> {
  const [, name] = /.*\/node_modules\/(.+)$/.exec(source) ?? [];
  if (name === undefined) return false;
  if (!(await pathExists(target))) return true;
  const owner = await packageAround(target, checkout);
  // A link by another name than the package's own is no package manager's.
  if (owner === undefined || (owner !== name && !name.startsWith(".bin/"))) return false;
  return !(await isNeeded(owner, part.to));
}

function leadsOut(link: string, text: string, part: Part): Failure {
  return new Failure(
    "link-leads-out",
    `the link ${link} leads to ${text}, which is outside of what ${part.setting} puts into the artifact`,
    "make the link lead to a file of the release, or let the build copy the file",
    { changed: "nothing" },
  );
}

async function leadsNowhere({ source, text, target }: Link, part: Part, checkout: string): Promise<Failure> {
  const link = relative(checkout, source);
  const place = relative(checkout, target);
  return (await pathExists(target))
    ? new Failure(
        "artifact-incomplete",
        `${part.setting} leaves out ${place}, which the link ${link} leads to`,
        `add ${place} to ${part.setting}`,
        { changed: "nothing" },
      )
    : new Failure(
        "artifact-incomplete",
        `the link ${link} leads to ${text}, which does not exist after the build`,
        "remove the link from the release, or let the build create what it leads to",
        { changed: "nothing" },
      );
}

function isInside(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}
