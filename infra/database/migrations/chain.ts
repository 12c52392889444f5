import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { migrationsDirectory, readChain, readMigrationFiles, readMigrations } from "./files";
import { chainProblems, label, linksOf } from "./hash-chain";

/** SHA-256 of the whole chain, its files checked: what a deployment's inputs name the migrations by. @throws as `readMigrations`. */
export function chainDigest(directory: string = migrationsDirectory): string {
  return readMigrations(directory).at(-1)?.chain ?? "";
}

/** Adds new versions at the end of the chain; answers their names. @throws when a version that is in it was changed. */
export function extendChain(directory: string): string[] {
  const found = readMigrationFiles(directory);
  const committed = readChain(directory);
  const problems = chainProblems(committed, found, { allowsNew: true });
  if (problems.length > 0)
    throw new Error(`The chain is not rewritten:\n${problems.map((problem) => `- ${problem}`).join("\n")}`);
  const links = linksOf(found);
  writeFileSync(join(directory, "chain.json"), `${JSON.stringify(links, null, 2)}\n`);
  return links.slice(committed.length).map(label);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  try {
    const added = extendChain(process.argv[2] ?? migrationsDirectory);
    console.log(
      added.length > 0 ? `Joined the chain: ${added.join(", ")}` : "Nothing new: every version is in the chain.",
    );
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
