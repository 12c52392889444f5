import { mkdir, readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";

const here = fileURLToPath(new URL(".", import.meta.url));

/** Each is the one before it with the files of its directory laid over. */
const releases = [
  { tag: "v1.1.0", date: "2026-06-01T09:00:00Z", message: "Prompt library 1.1" },
  { tag: "v1.2.0", date: "2026-10-01T09:00:00Z", message: "Dynamic provider management" },
] as const;

const team = "Prompt library team <team@prompt-library.example>";

/** By path inside the repository. */
export type Files = ReadonlyMap<string, Buffer>;

type Commit = { branch: string; tag: string; date: string; message: string; files: Files; parentMark?: number };

export type SampleRepositoryOptions = {
  /** Directories of `test/app/variants`: v1.2.0 with their files laid over, each tagged `v1.2.0-NAME` on a branch `variant/NAME`. */
  variants?: readonly string[];
};

/**
 * Makes the sample application's git repository in `directory` (created when missing; a repository made by this function may be
 * there): `main` checked out, annotated tags `v1.1.0` and `v1.2.0`. Commits have the same ids wherever and whenever they are
 * made, and owe nothing to git's configuration on this machine.
 *
 * @throws Error naming a variant that doesn't exist and those that do; Error when `directory` holds something else
 */
export async function sampleRepository(directory: string, options: SampleRepositoryOptions = {}): Promise<void> {
  const commits = await history(options.variants ?? []);
  await mkdir(directory, { recursive: true });
  const entries = await readdir(directory);
  if (entries.length > 0 && !entries.includes(".git"))
    throw new Error(
      `${directory} is not empty and no git repository; give an empty or a new directory for the sample application`,
    );
  await git(directory, ["init", "--quiet", "--initial-branch=main", "--template="]);
  await git(directory, ["fast-import", "--quiet", "--force"], fastImportStream(commits));
  await git(directory, ["checkout", "--quiet", "--force", "main"]);
  await git(directory, ["reset", "--quiet", "--hard"]);
}

/** The names that `variants` may hold. */
export async function variantNames(): Promise<string[]> {
  const entries = await readdir(join(here, "variants"), { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/** What a tag of the repository holds. @throws Error when there is no such tag */
export async function releaseFiles(tag: string): Promise<Files> {
  const variants = await variantNames();
  const found = (await history(variants)).find((commit) => commit.tag === tag);
  if (!found)
    throw new Error(
      `no release ${tag} of the sample application; there are ${releases.map((release) => release.tag).join(", ")} and v1.2.0-NAME for ${variants.join(", ")}`,
    );
  return found.files;
}

async function history(variants: readonly string[]): Promise<Commit[]> {
  const known = await variantNames();
  const unknown = variants.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new Error(`no variant ${unknown.join(", ")} of the sample application; there are ${known.join(", ")}`);

  const commits: Commit[] = [];
  let files: Files = new Map();
  for (const { tag, date, message } of releases) {
    files = new Map([...files, ...(await filesBelow(join(here, tag)))]);
    commits.push({ branch: "main", tag, date, message, files, parentMark: commits.length || undefined });
  }
  const newest = releases[releases.length - 1]!;
  const base = commits.length;
  for (const name of variants)
    commits.push({
      branch: `variant/${name}`,
      tag: `${newest.tag}-${name}`,
      date: newest.date,
      message: `Variant ${name}`,
      files: new Map([...files, ...(await filesBelow(join(here, "variants", name)))]),
      parentMark: base,
    });
  return commits;
}

/** Leaves out what builds leave in a working tree. */
async function filesBelow(root: string): Promise<Files> {
  const files = new Map<string, Buffer>();
  const visit = async (directory: string): Promise<void> => {
    for (const entry of await readdir(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isFile()) files.set(relative(root, path), await readFile(path));
      else if (entry.isDirectory() && entry.name !== "node_modules" && entry.name !== "dist") await visit(path);
    }
  };
  await visit(root);
  return files;
}

/** git's own format for whole histories: one process makes them, instead of a handful for each commit. */
function fastImportStream(commits: readonly Commit[]): Buffer {
  const parts: Buffer[] = [];
  const line = (text: string) => parts.push(Buffer.from(`${text}\n`));
  const data = (content: Buffer) => {
    line(`data ${content.length}`);
    parts.push(content, Buffer.from("\n"));
  };
  commits.forEach(({ branch, tag, date, message, files, parentMark }, index) => {
    const when = `${team} ${Date.parse(date) / 1000} +0000`;
    // Without its own parent a commit would follow what the branch held before this run.
    if (parentMark === undefined) line(`reset refs/heads/${branch}\n`);
    line(`commit refs/heads/${branch}`);
    line(`mark :${index + 1}`);
    line(`author ${when}`);
    line(`committer ${when}`);
    data(Buffer.from(`${message}\n`));
    if (parentMark !== undefined) line(`from :${parentMark}`);
    line("deleteall");
    for (const path of [...files.keys()].sort()) {
      line(`M 100644 inline ${path}`);
      data(files.get(path)!);
    }
    line("");
    line(`tag ${tag}`);
    line(`from :${index + 1}`);
    line(`tagger ${when}`);
    data(Buffer.from(`${tag}\n`));
  });
  return Buffer.concat(parts);
}

async function git(directory: string, args: readonly string[], input?: Buffer): Promise<void> {
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_")));
  await execa("git", args, {
    cwd: directory,
    input,
    extendEnv: false,
    env: { ...environment, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" },
  });
}
