import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type Migration, readMigrations } from "../../infra/database/migrations";
import { extendChain } from "../../infra/database/migrations/chain";

/** One version's four files; what is left out does nothing and passes. */
export type VersionFiles = { up: string | Buffer; down?: string; verify?: string; verifyDown?: string };

/** A directory of migrations with these versions and no chain yet; gone when the test ends. */
export async function directoryOf(...versions: VersionFiles[]): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), "prompt-library-migrations-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  await Promise.all(["migrations", "verify"].map((name) => mkdir(join(root, name))));
  for (const [place, { up, down, verify, verifyDown }] of versions.entries()) {
    const name = `${String(place + 1).padStart(4, "0")}_v`;
    await writeFile(join(root, `migrations/${name}.up.sql`), up);
    await writeFile(join(root, `migrations/${name}.down.sql`), down ?? "SELECT 1;\n");
    await writeFile(join(root, `verify/${name}.sql`), verify ?? "SELECT 1;\n");
    await writeFile(join(root, `verify/${name}.down.sql`), verifyDown ?? "SELECT 1;\n");
  }
  return join(root, "migrations");
}

/** These versions, chained and read. */
export async function versionsOf(...versions: VersionFiles[]): Promise<Migration[]> {
  const directory = await directoryOf(...versions);
  extendChain(directory);
  return readMigrations(directory);
}
