import { createHash } from "node:crypto";

/** One version's four files, byte for byte as they lie in the checkout. */
export type MigrationFiles = { version: number; name: string; files: Record<string, Uint8Array> };

/** One link: `chain` hashes the link before it with this version's files, so that no earlier one can change unseen. */
export type Link = { version: number; name: string; files: Record<string, string>; chain: string };

/** The link that follows `previous`. Hashes are SHA-256 in hex. */
export function linkOf(migration: MigrationFiles, previous: Link | undefined): Link {
  const names = Object.keys(migration.files).sort();
  const files = Object.fromEntries(names.map((name) => [name, sha256(migration.files[name] ?? "")]));
  const chain = sha256(JSON.stringify([previous?.chain ?? "", migration.version, migration.name, files]));
  return { version: migration.version, name: migration.name, files, chain };
}

/** The links of all versions in the order given. */
export function linksOf(migrations: MigrationFiles[]): Link[] {
  const links: Link[] = [];
  for (const migration of migrations) links.push(linkOf(migration, links.at(-1)));
  return links;
}

/**
 * What is wrong between the committed chain and the files, each by the name of the file: empty when nothing is.
 * Versions that the chain doesn't hold yet are the caller's to judge: `allowsNew` lets them follow its end.
 */
export function chainProblems(
  committed: Link[],
  migrations: MigrationFiles[],
  options: { allowsNew: boolean },
): string[] {
  const problems: string[] = [];
  const found = new Map(migrations.map((migration) => [migration.version, migration]));
  committed.forEach((link, place) => {
    const migration = found.get(link.version);
    if (!migration) {
      problems.push(`${label(link)} is missing: every version that was ever committed must stay`);
      return;
    }
    if (migration.name !== link.name)
      problems.push(`${label(migration)} is named ${label(link)} in the chain: reordered or renamed`);
    for (const [file, hash] of Object.entries(link.files)) {
      const bytes = migration.files[file];
      // One that is missing is named where the files are read.
      if (bytes !== undefined && sha256(bytes) !== hash) problems.push(`${file} was changed after it joined the chain`);
    }
    for (const file of Object.keys(migration.files))
      if (!(file in link.files)) problems.push(`${file} is not in the chain`);
    const recomputed = sha256(JSON.stringify([committed[place - 1]?.chain ?? "", link.version, link.name, link.files]));
    if (link.version !== place + 1)
      problems.push(`${label(link)} stands in place ${place + 1} of the chain: reordered`);
    else if (recomputed !== link.chain) problems.push(`${label(link)}: its link was edited by hand`);
  });
  const last = committed.at(-1)?.version ?? 0;
  for (const migration of migrations) {
    if (committed.some((link) => link.version === migration.version)) continue;
    if (migration.version <= last)
      problems.push(`${label(migration)} was put in before ${label(committed.at(-1) ?? migration)}`);
    else if (!options.allowsNew) problems.push(`${label(migration)} is not in the chain yet`);
  }
  return problems;
}

export function label(migration: { version: number; name: string }): string {
  return `${String(migration.version).padStart(4, "0")}_${migration.name}`;
}

function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
