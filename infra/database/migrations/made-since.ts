import { transactionText, withinBudget } from "./budget";
import { isConnectionLoss, MigrationError, serverSaid, unchangedBut } from "./errors";
import type { Migration } from "./files";
import { fingerprintIn, fingerprintStatements, missingFrom } from "./fingerprint";
import { label } from "./hash-chain";
import { schemaAfter, schemaBefore } from "./journal";
import type { MigrationOptions } from "./options";
import type { ReportMigration } from "./progress";
import type { Sessions } from "./session";

/**
 * Where an application migrates the database too, it may have gone on since `migration` went up. What it made is removed by the
 * statements that config gives for that, in one transaction that is kept only if nothing else is left and the version's own checks
 * pass: once this is committed, nothing refuses to go down any more.
 *
 * @throws MigrationError naming what is left; nothing was changed then, but for what the run did before
 */
export async function removeMadeSince(args: {
  sessions: Sessions;
  options: MigrationOptions;
  progress: ReportMigration;
  migration: Migration;
  kept: string[];
}): Promise<void> {
  const { sessions, options, progress, migration, kept } = args;
  const { worker, engine } = sessions;
  const [after, before] = [await schemaAfter(engine, migration.version), await schemaBefore(engine, migration.version)];
  if (after === undefined) return;
  const statements = options.beforeDown[migration.version] ?? [];
  const { state, changed } = unchangedBut(kept);
  const what = `removing what was made since ${label(migration)} went up`;
  await sessions.renew();
  const budget = { what, isGentle: false, progress, statements: statements.length + 1 };
  await withinBudget(sessions, options, budget, async (limits) => {
    // The fingerprint's settings end with the savepoint: the version's checks find those of any other statement.
    const looking = ["SAVEPOINT looking", ...fingerprintStatements, "ROLLBACK TO SAVEPOINT looking"];
    const text = transactionText([...statements, ...looking], limits, options.settings).replace(/;\nCOMMIT$/, "");
    const { lines } = fingerprintIn(await worker.query(text));
    const left = madeSince({ before: before ?? [], after, now: lines });
    if (left.length > 0) {
      await worker.query("ROLLBACK");
      throw new MigrationError(
        "made-since",
        `${label(migration)} does not go down: made since it went up, by the application itself: ${left.join(", ")}. ${state}`,
        {
          changed,
          remedy: `pulumi config set --path 'database.applicationJournal["${migration.version}"].beforeDown[0]' STATEMENT for each, with its own journal's entries, or have the release that made them remove them; then pulumi up. Until then the older release serves on the newer schema`,
        },
      );
    }
    try {
      for (const checks of leadingChecks(migration)) await worker.query(checks.join(";\n"));
    } catch (error) {
      await worker.query("ROLLBACK").catch(() => undefined);
      if (isConnectionLoss(error)) throw error;
      throw new MigrationError(
        "migration-failed",
        `${label(migration)} does not go down: ${serverSaid(error)}. ${state}`,
        { cause: error, changed },
      );
    }
    await worker.query("COMMIT");
  });
  if (statements.length > 0) kept.push(`what was made since ${label(migration)} went up is removed`);
}

/** Those that stand before anything changes, whatever the schema is like: the others ask for what the statements before them leave. */
function leadingChecks({ down: { units } }: Migration): string[][] {
  const first = units.findIndex(({ kind }) => kind !== "check");
  return units
    .slice(0, first === -1 ? units.length : first)
    .filter(({ when }) => when.length === 0)
    .map(({ statements }) => statements);
}

/**
 * What was added since, and what of the schema before is gone, `+` and `-` as in a diff; what was there before the version went up and
 * is again is nobody's change.
 */
export function madeSince(lines: { before: string[]; after: string[]; now: string[] }): string[] {
  const before = new Set(lines.before);
  const came = lines.now.filter((line) => !before.has(line));
  const stayed = lines.after.filter((line) => before.has(line));
  return [
    ...missingFrom(lines.now, stayed).map((line) => `- ${line}`),
    ...missingFrom(lines.after, came).map((line) => `+ ${line}`),
  ];
}
