import { Failure } from "../../core/failure";
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
): Failure | undefined {
  if (migrations !== "application" || target >= from) return undefined;
  return new Failure(
    "schema-of-the-application",
    `schema ${from} was made by the application itself, and database.migrations: application lets nobody take it back to ${target}; nothing was changed. ` +
      "The older release may run on it where app.compatibility says so.",
    `pulumi config set schemaVersion ${from} && pulumi up; or pulumi config set --path database.migrations both, which takes it back once nothing was made since`,
    { changed: "nothing" },
  );
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
