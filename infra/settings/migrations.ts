import { z } from "zod";

const statements = z.array(z.string().trim().min(1, "must be a statement")).default([]);

/** What the application's own journal must hear of one version; SQL, run as the schema's owner. */
const journalEntries = z.strictObject({
  /** With our journal's `completed`, in one transaction: so that the application finds its migration done. Must bear being run again. */
  up: statements,
  /** With our journal's `reverted`. */
  down: statements,
  /**
   * Before the downgrade: removes what the running release has made since, with its own journal's entries. All of it or nothing: where
   * anything is left that was made since, the downgrade is refused by name.
   */
  beforeDown: statements,
});

export const migrationSettings = {
  /**
   * Who migrates: this program; the application when it starts, which then connects as the tables' owner and may drop them; or both,
   * this program first, telling the application's own journal what it did.
   */
  migrations: z.enum(["program", "application", "both"]).default("program"),
  /** By schema version; for `both`. */
  applicationJournal: z.record(z.string().regex(/^[1-9]\d*$/, "must be a schema version"), journalEntries).default({}),
  /** What connections become whose provider the older schema forbids, `{"mistral": "openai"}`; `*` is any other. Without it they are named and the rollback refused. */
  providerBecomes: z.record(z.string().min(1), z.string().min(1)).default({}),
};

type MigrationSettings = {
  migrations: "program" | "application" | "both";
  applicationJournal: Record<string, { up: string[] }>;
};

/** What is wrong with them for a schema version. */
export function journalProblem(
  database: MigrationSettings,
  schemaVersion: number,
  firstShared: number,
): string | undefined {
  if (
    database.migrations !== "both" ||
    schemaVersion < firstShared ||
    (database.applicationJournal[String(schemaVersion)]?.up.length ?? 0) > 0
  )
    return undefined;
  return (
    `prompt-library:database.applicationJournal["${schemaVersion}"].up is required by database.migrations: both: without it the application would run version ${schemaVersion} a second time. ` +
    `Remedy: pulumi config set --path 'database.applicationJournal["${schemaVersion}"].up[0]' "INSERT INTO …"`
  );
}
