import { MigrationError } from "./errors";
import type { Migration } from "./files";
import { label } from "./hash-chain";
import type { JournalRow } from "./journal-state";

/** A database that ran other files under the same name is not where this checkout believes it to be. */
export function refuseOtherHistory(journal: readonly JournalRow[], migrations: readonly Migration[]): void {
  const current = new Map(journal.map((row) => [row.version, row]));
  const other = [...current.values()].filter((row) => {
    const migration = migrations.find(({ version }) => version === row.version);
    return migration && row.status !== "reverted" && migration.chain !== row.chain;
  });
  if (other.length === 0) return;
  throw new MigrationError(
    "history-differs",
    `The database ran ${other.map((row) => row.name).join(", ")} with other contents than this checkout has as ` +
      `${other.map((row) => label(migrations.find(({ version }) => version === row.version) ?? row)).join(", ")}. ` +
      "Nothing was changed.",
    { changed: "nothing", remedy: "run this from the checkout that made it, or bring the change as a new version" },
  );
}
