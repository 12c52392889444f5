import { join } from "node:path";
import { type Ended, runProgram } from "../core/program";
import type { Migration } from "../database/migrations";
import { label } from "../database/migrations/hash-chain";

/** What squawk objects to in a version's two scripts. */
export async function lintMigration(directory: string, migration: Migration): Promise<string[]> {
  const files = (["up", "down"] as const).map((direction) => join(directory, `${label(migration)}.${direction}.sql`));
  return lintFindings(
    await runProgram("squawk", ["--pg-version", "15", "--reporter", "gcc", ...files], { timeoutMs: 30_000 }),
  );
}

/** Its findings; that it did not lint is one as well. */
export function lintFindings({ exitCode, stdout, how, lastWords }: Ended): string[] {
  const complaints = stdout.split("\n").filter((line) => /: (warning|error): /.test(line));
  if (exitCode === 0 || (exitCode !== undefined && complaints.length > 0)) return complaints;
  return [`not linted: squawk ${how}${lastWords === "" || exitCode === undefined ? "" : `: ${lastWords}`}`];
}
