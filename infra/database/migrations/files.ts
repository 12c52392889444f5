import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chainProblems, type Link, label, type MigrationFiles } from "./hash-chain";
import { parseScript, type Script } from "./script";

/** One version of the schema, ready to run. */
export type Migration = {
  version: number;
  name: string;
  up: Script;
  down: Script;
  /** Raises unless the version is there; and, after the way down, unless it is gone. */
  verify: { up: string; down: string };
  /** SHA-256 of its link in the chain. */
  chain: string;
};

/** The checkout's own `sql/migrations`. */
export const migrationsDirectory = join(dirname(fileURLToPath(import.meta.url)), "../../../sql/migrations");

/**
 * Reads all versions of `directory` (NNNN_name.up.sql and .down.sql), their verify scripts in `../verify` beside it
 * (NNNN_name.sql and NNNN_name.down.sql) and the chain in `chain.json`, and holds the one against the other.
 *
 * @throws with every changed, missing or reordered file by name and the remedy.
 */
export function readMigrations(directory: string = migrationsDirectory): Migration[] {
  const found = readMigrationFiles(directory);
  const links = readChain(directory);
  const problems = chainProblems(links, found, { allowsNew: false });
  if (problems.length > 0) {
    throw new Error(
      `The migrations in ${directory} do not match their chain:\n${problems.map((problem) => `- ${problem}`).join("\n")}\n` +
        "A version that a database may have run never changes: restore the files (git checkout) and write a new version. " +
        "A new version joins the chain by `npx tsx infra/database/migrations/chain.ts`.",
    );
  }
  return found.map((migration, place) => {
    const name = label(migration);
    const text = (file: string): string => migration.files[file] ?? "";
    return {
      version: migration.version,
      name: migration.name,
      up: parseScript(`${name}.up.sql`, text(`${name}.up.sql`)),
      down: parseScript(`${name}.down.sql`, text(`${name}.down.sql`)),
      verify: { up: text(`verify/${name}.sql`), down: text(`verify/${name}.down.sql`) },
      chain: links[place]?.chain ?? "",
    };
  });
}

/** The files as they lie there, by version, without judging them against the chain. @throws when one of a version's four is missing. */
export function readMigrationFiles(directory: string): MigrationFiles[] {
  const versions = new Map<number, string>();
  const problems: string[] = [];
  for (const file of readdirSync(directory)
    .filter((entry) => entry.endsWith(".sql"))
    .sort()) {
    const match = /^(\d{4})_([a-z0-9_]+)\.(up|down)\.sql$/.exec(file);
    if (!match) {
      problems.push(`${file} is not named NNNN_name.up.sql or NNNN_name.down.sql`);
      continue;
    }
    const version = Number(match[1]);
    const name = match[2] ?? "";
    if ((versions.get(version) ?? name) !== name) problems.push(`${file}: version ${match[1]} has two names`);
    versions.set(version, name);
  }
  const found = [...versions].map(([version, name]) => {
    const base = label({ version, name });
    const paths: Record<string, string> = {
      [`${base}.up.sql`]: join(directory, `${base}.up.sql`),
      [`${base}.down.sql`]: join(directory, `${base}.down.sql`),
      [`verify/${base}.sql`]: join(directory, "../verify", `${base}.sql`),
      [`verify/${base}.down.sql`]: join(directory, "../verify", `${base}.down.sql`),
    };
    const files: Record<string, string> = {};
    for (const [file, path] of Object.entries(paths)) {
      try {
        files[file] = readFileSync(path, "utf8");
      } catch {
        problems.push(`${file} is missing`);
      }
    }
    return { version, name, files };
  });
  if (problems.length > 0)
    throw new Error(
      `The migrations in ${directory} are not whole:\n${problems.map((problem) => `- ${problem}`).join("\n")}`,
    );
  return found;
}

/** The committed chain; empty where there is none. */
export function readChain(directory: string): Link[] {
  try {
    return JSON.parse(readFileSync(join(directory, "chain.json"), "utf8")) as Link[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw new Error(`${join(directory, "chain.json")} cannot be read: ${String(error)}`);
  }
}
