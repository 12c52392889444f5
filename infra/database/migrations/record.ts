import { takeLock } from "./advisory-lock";
import { limitsOf } from "./budget";
import { MigrationError, unchangedBut } from "./errors";
import { schemaFingerprint } from "./fingerprint";
import { refuseOtherHistory } from "./history";
import { ensureJournal, readJournal } from "./journal";
import { schemaStateOf, stepsTo } from "./journal-state";
import { type MigrateToArgs, type MigrationReport, tablesOf } from "./migrate";
import { defaultOptions } from "./options";
import { withSessions } from "./session";
import { type AppliedMigration, recordVersion } from "./step";

/**
 * Where the application migrates itself: holds what it made against the verify script of every version up to `target`, and records
 * those that pass. Nothing of a migration runs. A target below the database's version changes nothing.
 *
 * @throws MigrationError with all that a version lacks
 */
export async function recordTo(args: MigrateToArgs): Promise<MigrationReport> {
  const options = { ...defaultOptions, ...args.options };
  const progress = args.progress ?? (() => undefined);
  const { migrations, target } = args;
  const began = performance.now();
  return withSessions(args.connect, options, async (sessions) => {
    await takeLock(sessions, options, progress);
    const waitedMs = performance.now() - began;
    const journal = await readJournal(sessions.engine);
    refuseOtherHistory(journal, migrations);
    const state = schemaStateOf(journal);
    if (state.pending) {
      throw new MigrationError(
        "version-half-done",
        `Version ${state.pending.version} was left half done by a run of this program, which the application's own migrations can't finish.`,
        {
          changed: "nothing",
          remedy: "pulumi config set --path database.migrations both && pulumi up; then back to application",
        },
      );
    }
    const steps = stepsTo(state, target, migrations.at(-1)?.version ?? 0).filter(({ direction }) => direction === "up");
    if (steps.length > 0) await ensureJournal(sessions.engine, limitsOf(options, false));
    const applied: AppliedMigration[] = [];
    const kept: string[] = [];
    for (const { version } of steps) {
      const migration = migrations.find((candidate) => candidate.version === version);
      if (!migration) {
        const { state, changed } = unchangedBut(kept);
        throw new MigrationError("version-unknown", `Version ${version} is not among the migrations. ${state}`, {
          changed,
        });
      }
      applied.push(
        await recordVersion({ sessions, options, progress, migration, knownTables: tablesOf(migrations), kept }, []),
      );
    }
    const fingerprint = (await schemaFingerprint(sessions.engine)).hash;
    return {
      from: state.version,
      to: Math.max(state.version, target),
      applied,
      waitedMs,
      durationMs: performance.now() - began,
      fingerprint,
    };
  });
}
