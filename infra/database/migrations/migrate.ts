import { shownName } from "../sql/tree";
import { takeLock } from "./advisory-lock";
import { limitsOf } from "./budget";
import { MigrationError, unchangedBut } from "./errors";
import type { Migration } from "./files";
import { schemaFingerprint } from "./fingerprint";
import { refuseOtherHistory } from "./history";
import { ensureJournal, interruptRunning, readJournal } from "./journal";
import { schemaStateOf, stepsTo } from "./journal-state";
import { type Connect, defaultOptions, type MigrationOptions } from "./options";
import type { ReportMigration } from "./progress";
import { withSessions } from "./session";
import { type AppliedMigration, runStep } from "./step";

export type MigrationReport = {
  from: number;
  to: number;
  applied: AppliedMigration[];
  /** For another migration to end, in milliseconds. */
  waitedMs: number;
  durationMs: number;
  /** SHA-256 of the schema at the end. */
  fingerprint: string;
};

export type MigrateToArgs = {
  connect: Connect;
  target: number;
  migrations: Migration[];
  options?: Partial<MigrationOptions>;
  progress?: ReportMigration;
};

/**
 * Brings the database to schema version `target`, up or down, one version after the other, and verifies each. Where another
 * run was killed, what it left half done is finished or taken back first. Nothing to do is found in one look.
 *
 * @throws MigrationError when a version does not get through: it has been undone then, or the message says that the next
 * run continues from there.
 */
export async function migrateTo(args: MigrateToArgs): Promise<MigrationReport> {
  const options = { ...defaultOptions, ...args.options };
  const progress = args.progress ?? (() => undefined);
  const { migrations, target } = args;
  const began = performance.now();
  return withSessions(args.connect, options, async (sessions) => {
    const { engine } = sessions;
    await takeLock(sessions, options, progress);
    const waitedMs = performance.now() - began;
    const newest = migrations.at(-1)?.version ?? 0;
    const before = await readJournal(engine);
    refuseOtherHistory(before, migrations);
    const from = schemaStateOf(before);
    const steps = stepsTo(from, target, newest);
    if (steps.length > 0) {
      await ensureJournal(engine, limitsOf(options, false));
      await interruptRunning(engine);
    }
    const knownTables = tablesOf(migrations);
    const applied: AppliedMigration[] = [];
    const kept: string[] = [];
    for (const step of steps) {
      const migration = migrations.find(({ version }) => version === step.version);
      if (!migration) {
        const { state, changed } = unchangedBut(kept);
        throw new MigrationError("version-unknown", `Version ${step.version} is not among the migrations. ${state}`, {
          changed,
        });
      }
      const { pending } = from;
      applied.push(await runStep({ sessions, options, progress, migration, knownTables, kept, step, pending }));
    }
    const fingerprint = (await schemaFingerprint(engine)).hash;
    return { from: from.version, to: target, applied, waitedMs, durationMs: performance.now() - began, fingerprint };
  });
}

/** Tables that some version makes. */
export function tablesOf(migrations: readonly Migration[]): ReadonlySet<string> {
  return new Set(migrations.flatMap(({ up }) => up.creates.map(shownName)));
}
