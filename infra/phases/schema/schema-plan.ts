import type { MigrationReport } from "../../database/migrations/migrate";
import type { MigrationOptions } from "../../database/migrations/options";
import type { Settings } from "../../settings/settings";

type DatabaseSettings = Pick<
  Settings["database"],
  | "lockTimeoutMs"
  | "statementTimeoutMs"
  | "migrationDeadlineMs"
  | "migrations"
  | "applicationJournal"
  | "providerBecomes"
>;

/** What a stack's settings mean for the migrations. */
export function migrationOptions(database: DatabaseSettings): Partial<MigrationOptions> {
  const isShared = database.migrations === "both";
  const journal = isShared
    ? Object.entries(database.applicationJournal).map(([version, entries]) => [Number(version), entries] as const)
    : [];
  return {
    lockTimeoutMs: database.lockTimeoutMs,
    statementTimeoutMs: database.statementTimeoutMs,
    deadlineMs: database.migrationDeadlineMs,
    settings:
      Object.keys(database.providerBecomes).length === 0
        ? {}
        : { provider_becomes: JSON.stringify(database.providerBecomes) },
    isShared,
    alsoRecord: Object.fromEntries(journal.map(([version, { up, down }]) => [version, { up, down }])),
    beforeDown: Object.fromEntries(journal.map(([version, { beforeDown }]) => [version, beforeDown])),
  };
}

/** Why the schema may not go down, or nothing. */
export function downProblem(
  migrations: DatabaseSettings["migrations"],
  from: number,
  target: number,
): string | undefined {
  if (migrations !== "application" || target >= from) return undefined;
  return (
    `schema ${from} was made by the application itself, and database.migrations: application lets nobody take it back to ${target}; nothing was changed. ` +
    "The older release may run on it where app.compatibility says so."
  );
}

/** What to do about a migration that did not get through. */
export function remedyOf(message: string): string {
  if (/have a provider that schema \d+ forbids/.test(message))
    return "say what those connections become, pulumi config set --path 'database.providerBecomes[\"*\"]' openai, or change them, or stay: pulumi config set schemaVersion with the newer one; then pulumi up";
  if (/was made by the application itself/.test(message))
    return "pulumi config set schemaVersion with the newer one and pulumi up; or database.migrations both, which takes it back once nothing was made since";
  if (/made since version \d+ and in the way of going back/.test(message))
    return "have the release that made it remove what the message names, or remove it yourself; where the application migrates the database itself (database.migrations both), by pulumi config set --path 'database.applicationJournal[\"VERSION\"].beforeDown[0]' STATEMENT for each; then pulumi up; until then the older release serves on the newer schema";
  if (/made since it went up, by the application itself/.test(message))
    return "pulumi config set --path 'database.applicationJournal[\"VERSION\"].beforeDown[0]' STATEMENT for each, then pulumi up; until then the older release serves on the newer schema";
  return "what the message names stands in the way: once it is gone, pulumi up goes on from here";
}

/** As the report shows them: what each statement held on tables that were in use, and for how long. */
export function locksOf(
  report: MigrationReport,
): { table: string; mode: string; statement: string; waitedMs: number; heldMs: number; retries: number }[] {
  return report.applied.flatMap(({ name, direction, units }) =>
    units.flatMap((unit) =>
      unit.locks.map(({ table, mode }) => ({
        table,
        mode: sqlMode(mode),
        statement: `${name} ${direction}, statement ${unit.unit}: ${unit.summary}`,
        waitedMs: Math.max(0, Math.round((unit.totalMs - unit.longestLockMs) * 10) / 10),
        heldMs: unit.longestLockMs,
        retries: unit.attempts - 1,
      })),
    ),
  );
}

/** `AccessExclusiveLock` is `ACCESS EXCLUSIVE` in PostgreSQL's manual. */
function sqlMode(mode: string): string {
  return mode
    .replace(/Lock$/, "")
    .replace(/(?<=[a-z])(?=[A-Z])/g, " ")
    .toUpperCase();
}
