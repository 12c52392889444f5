/** SHA-256 by path below the data volume, as `sha256sum` prints them. */
export type Manifest = ReadonlyMap<string, string>;

export type FilesComparison = { quiet: number; changed: number; differences: string[] };

/** @throws Error for a line that is none of sha256sum's */
export function readManifest(printed: string): Manifest {
  return new Map(
    printed
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => {
        const match = /^\\?([0-9a-f]{64}) [ *](.+)$/.exec(line);
        if (match === null) throw new Error(`not a line of sha256sum: ${line}`);
        return [match[2] ?? "", match[1] ?? ""] as const;
      }),
  );
}

/** What the same file held before and after the snapshot it must hold in the copy; files that were written to meanwhile are left out. */
export function compareFiles(before: Manifest, after: Manifest, copy: Manifest): FilesComparison {
  const compared: FilesComparison = { quiet: 0, changed: 0, differences: [] };
  for (const path of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const digest = before.get(path);
    if (digest === undefined || digest !== after.get(path)) {
      compared.changed += 1;
      continue;
    }
    compared.quiet += 1;
    const found = copy.get(path);
    if (found !== digest)
      compared.differences.push(`${path} ${found === undefined ? "is missing" : "has another content"}`);
  }
  return compared;
}

export function describeFiles({ quiet, changed }: FilesComparison): string {
  return `${quiet} files equal${changed === 0 ? "" : `, ${changed} written to meanwhile`}`;
}
