import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { describeProblem, type Problem, SqlSource } from "../sql/source";
import { chainProblems, type Link, label, linksOf, type MigrationFiles } from "./hash-chain";
import { parseScript, parseStatements, type Script } from "./script";

/** One version of the schema, ready to run. */
export type Migration = {
  version: number;
  name: string;
  up: Script;
  down: Script;
  /** Raises unless the version is there; and, after the downgrade, unless it is gone. */
  verify: { up: string[]; down: string[] };
  /** SHA-256 of its link in the chain. */
  chain: string;
};

/** The checkout's own `sql/migrations`. */
export const migrationsDirectory = join(dirname(fileURLToPath(import.meta.url)), "../../../sql/migrations");

/**
 * Reads all versions of `directory` (NNNN_name.up.sql and .down.sql), their verify scripts in `../verify` beside it
 * (NNNN_name.sql and NNNN_name.down.sql) and the chain in `chain.json`, and compares the one with the other.
 * @param options.allowsNew takes versions that are still written, and so not in the chain yet
 *
 * @throws with everything that is wrong at once: statements that cannot run, with file, line and caret, and every changed, missing or
 * reordered file by name with the remedy.
 */
export function readMigrations(
  directory: string = migrationsDirectory,
  { allowsNew = false }: { allowsNew?: boolean } = {},
): Migration[] {
  const read = readFiles(directory);
  const committed = readChain(directory);
  const problems = chainProblems(committed, read.found, { allowsNew });
  const links = allowsNew ? linksOf(read.found) : committed;
  refuse(directory, [...read.problems, ...problems], problems.length > 0 ? chainRemedy : "");
  return read.migrations.map((migration, place) => ({ ...migration, chain: links[place]?.chain ?? "" }));
}

/** The files as they lie there, by version, without judging them against the chain. @throws with everything in them that cannot run */
export function readMigrationFiles(directory: string): MigrationFiles[] {
  const { found, problems } = readFiles(directory);
  refuse(directory, problems);
  return found;
}

const chainRemedy =
  "\nA version that a database may have run never changes: restore the files (git checkout) and write a new version. " +
  "A new version joins the chain by `npx tsx infra/database/migrations/chain.ts`.";

function refuse(directory: string, problems: string[], remedy = ""): void {
  if (problems.length > 0)
    throw new Error(
      `The migrations in ${directory} cannot be run (nothing was changed):\n${problems.map((problem) => `- ${problem}`).join("\n")}${remedy}`,
    );
}

type Read = { found: MigrationFiles[]; migrations: Omit<Migration, "chain">[]; problems: string[] };

function readFiles(directory: string): Read {
  const { names, problems } = versionsIn(directory);
  const read: Read = { found: [], migrations: [], problems };
  const wrong: Problem[] = [];
  for (const [version, name] of names) {
    const base = label({ version, name });
    const files: Record<string, Uint8Array> = {};
    const source = (file: string, path: string): SqlSource => {
      try {
        files[file] = readFileSync(path);
      } catch {
        problems.push(`${file} is missing`);
      }
      return new SqlSource(file, files[file] ?? new Uint8Array());
    };
    const script = (direction: "up" | "down"): Script => {
      const file = `${base}.${direction}.sql`;
      const parsed = parseScript(source(file, join(directory, file)));
      wrong.push(...parsed.problems);
      return parsed.script;
    };
    const verify = (end: string): string[] => {
      const parsed = parseStatements(
        source(`verify/${base}${end}`, join(directory, "../verify", `${base}${end}`)),
        "reading",
      );
      wrong.push(...parsed.problems);
      return parsed.statements;
    };
    const [up, down] = [script("up"), script("down")];
    read.migrations.push({ version, name, up, down, verify: { up: verify(".sql"), down: verify(".down.sql") } });
    read.found.push({ version, name, files });
  }
  problems.push(...wrong.map(describeProblem));
  return read;
}

function versionsIn(directory: string): { names: Map<number, string>; problems: string[] } {
  const names = new Map<number, string>();
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
    if ((names.get(version) ?? name) !== name) problems.push(`${file}: version ${match[1]} has two names`);
    names.set(version, name);
  }
  return { names, problems };
}

const chainSchema = z.array(
  z.strictObject({
    version: z.int().min(1),
    name: z.string(),
    files: z.record(z.string(), z.string()),
    chain: z.string(),
  }),
);

/** The committed chain; empty where there is none. @throws where the file is something else */
export function readChain(directory: string): Link[] {
  const path = join(directory, "chain.json");
  try {
    return chainSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw new Error(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
