import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { releaseFiles, sampleRepository, variantNames } from "../app/repository";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "sample-repository-"));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

async function git(name: string, ...args: string[]): Promise<string> {
  return (await execa("git", args, { cwd: join(directory, name) })).stdout;
}

describe("the sample application's repository", () => {
  it("has its releases on main, annotated, the older one before the newer", async () => {
    await sampleRepository(join(directory, "a"));
    expect(await git("a", "log", "--format=%D|%an|%ct", "main")).toBe(
      ["HEAD -> main, tag: v1.2.0|Prompt library team|1790845200", "tag: v1.1.0|Prompt library team|1780304400"].join(
        "\n",
      ),
    );
    expect(await git("a", "cat-file", "-t", "v1.1.0")).toBe("tag");
    expect(await git("a", "status", "--porcelain")).toBe("");
  });

  it("gives the same commits a second time, elsewhere, and whatever variants are asked for", async () => {
    const names = await variantNames();
    await sampleRepository(join(directory, "a"));
    await sampleRepository(join(directory, "b"), { variants: names });
    const releases = ["rev-parse", "v1.1.0", "v1.2.0", "main"];
    expect(await git("b", ...releases)).toBe(await git("a", ...releases));

    const all = await git("b", "for-each-ref");
    await sampleRepository(join(directory, "b"), { variants: names });
    expect(await git("b", "for-each-ref")).toBe(all);
  });

  it("makes whole again what was changed in it", async () => {
    const root = join(directory, "a");
    await sampleRepository(root);
    const id = await git("a", "rev-parse", "main");
    await writeFile(join(root, "README.md"), "changed\n");
    await git(
      "a",
      "-c",
      "user.name=t",
      "-c",
      "user.email=t@t.example",
      "commit",
      "--all",
      "--quiet",
      "--message",
      "changed",
    );
    await sampleRepository(root);
    expect(await git("a", "rev-parse", "main")).toBe(id);
    expect(await readFile(join(root, "README.md"), "utf8")).toContain("# Prompt library");
  });

  it("tags each variant as one commit on v1.2.0 that changes something", async () => {
    const names = await variantNames();
    expect(names).toEqual(expect.arrayContaining(["exits", "hangs", "leaky-admin"]));
    await sampleRepository(join(directory, "a"), { variants: names });
    for (const name of names) {
      expect(await git("a", "rev-parse", `v1.2.0-${name}^`)).toBe(await git("a", "rev-parse", "v1.2.0^{commit}"));
      expect(await git("a", "rev-parse", `variant/${name}`)).toBe(
        await git("a", "rev-parse", `v1.2.0-${name}^{commit}`),
      );
      expect(await git("a", "diff", "--name-only", "v1.2.0", `v1.2.0-${name}`)).not.toBe("");
    }
  });

  it("refuses an unknown variant or release and a directory of something else", async () => {
    await expect(sampleRepository(join(directory, "a"), { variants: ["exits", "nonsense"] })).rejects.toThrow(
      /no variant nonsense .*exits/,
    );
    await expect(releaseFiles("v9")).rejects.toThrow(/no release v9 .*v1\.1\.0/);
    await writeFile(join(directory, "file"), "");
    await expect(sampleRepository(directory)).rejects.toThrow(/is not empty/);
  });

  it("names no registry and pins every package", async () => {
    for (const tag of ["v1.1.0", "v1.2.0"]) {
      const files = await releaseFiles(tag);
      const lockfile = files.get("interface/package-lock.json")?.toString() ?? "";
      const { packages } = JSON.parse(lockfile) as { packages: Record<string, { resolved?: string; link?: boolean }> };
      expect(Object.values(packages).filter(({ resolved, link }) => resolved !== undefined && !link)).toEqual([]);
      for (const [path, content] of files) {
        if (!path.endsWith("/package.json")) continue;
        const { dependencies, devDependencies } = JSON.parse(content.toString()) as Record<
          string,
          Record<string, string> | undefined
        >;
        const versions = Object.values({ ...dependencies, ...devDependencies });
        expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
      }
    }
  });
});
