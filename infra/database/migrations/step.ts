import type { Client } from "pg";
import { type QualifiedName, quoted, shownName } from "../sql/tree";
import { transactionText, withinBudget } from "./budget";
import { isConnectionLoss, MigrationError, serverSaid, unchangedBut, whatStays } from "./errors";
import type { Migration } from "./files";
import { fingerprintDifference, schemaFingerprint, subjectOf, tablesIn } from "./fingerprint";
import { label } from "./hash-chain";
import { beginEntry, failEntry, finishEntry, noteEntry, schemaBefore, type UnitEntry } from "./journal";
import type { JournalRow, MigrationStep } from "./journal-state";
import { removeMadeSince } from "./made-since";
import type { MigrationOptions } from "./options";
import type { ReportMigration } from "./progress";
import { removeLeftoversOf, runUnit } from "./run-unit";
import type { Unit } from "./script";
import type { Sessions } from "./session";

/** Durations in milliseconds. */
export type AppliedMigration = {
  version: number;
  name: string;
  direction: "up" | "down";
  /** Recorded: it was there already, so nothing ran. */
  isRecorded: boolean;
  durationMs: number;
  longestLockMs: number;
  units: UnitEntry[];
  /** After the downgrade: what differs from the schema before the upgrade; what a release made meanwhile and nobody removed. */
  leftOver: string[];
};

export type Context = {
  sessions: Sessions;
  options: MigrationOptions;
  progress: ReportMigration;
  migration: Migration;
  /** Tables that some version makes. */
  knownTables: ReadonlySet<string>;
  /** What this run has done so far, in words; it stays, whatever comes of the rest. */
  kept: string[];
};

/**
 * Takes one version up or down, verified before the journal says so. A failure is undone by going the other way, except where
 * the tables were somebody else's before, or the connection is gone: then the next run takes it up.
 *
 * @throws MigrationError
 */
export async function runStep(
  args: Context & { step: MigrationStep; pending: JournalRow | undefined },
): Promise<AppliedMigration> {
  const { sessions, options, progress, migration, step } = args;
  const { engine } = sessions;
  const pending = args.pending?.version === migration.version ? args.pending : undefined;
  const name = label(migration);
  const existing = await existingTables(engine, migration.up.creates);
  // What its downgrade drops it must have made: whatever is there by now is somebody else's, with its rows.
  const others = [...existing, ...(await existingTables(engine, migration.down.drops))];
  const isAdopted = pending?.isAdopted ?? (step.direction === "up" && others.length > 0);
  const checkpoint =
    pending?.direction === step.direction && pending.chain === migration.chain ? pending.checkpoint : undefined;

  if (isAdopted && step.direction === "up" && migration.up.isBaseline && existing.length > 0)
    return recordVersion(args, existing);

  progress({ kind: "started", migration: name, direction: step.direction, isContinued: step.isContinued });
  if (step.direction === "down" && options.isShared && !step.isContinued) await removeMadeSince(args);
  const before = (await schemaFingerprint(engine)).lines;
  const id = await beginEntry(engine, {
    migration,
    direction: step.direction,
    isAdopted,
    isContinued: pending !== undefined,
    schemaBefore: before,
    ...(checkpoint ? { checkpoint } : {}),
  });
  const tables = tablesIn(before);
  const attempt = {
    direction: step.direction,
    id,
    tables,
    isHalfWay: pending !== undefined,
    ...(checkpoint ? { checkpoint } : {}),
  };
  const outcome = await tryDirection(args, attempt);
  if (!("error" in outcome)) {
    args.kept.push(`${name} went ${step.direction}`);
    return outcome;
  }

  const { error, hasChanged } = outcome;
  const failed = `${name} ${step.direction} failed: ${messageOf(error)}`;
  const blockers = error instanceof MigrationError ? error.blockers : [];
  if (isConnectionLoss(error)) {
    throw new MigrationError("connection-lost", `${failed} The connection is lost.`, {
      cause: error,
      changed: "kept",
      remedy: "pulumi up again: it continues from where it was",
    });
  }
  const isUnchanged = !hasChanged && !pending;
  await failEntry(engine, id, { error: messageOf(error), blockers, ...(isUnchanged ? { unchanged: true } : {}) });
  if (isUnchanged) {
    const { state, changed } = unchangedBut(args.kept);
    throw new MigrationError("migration-failed", `${failed} ${state}`, { cause: error, changed });
  }
  if (isAdopted && step.direction === "up") {
    throw new MigrationError(
      "migration-failed",
      `${failed} Its tables were there before, made by somebody else, so nothing was rolled back; the release that serves continues.`,
      { cause: error, changed: "kept" },
    );
  }
  await undo(args, { failed, id, schemaBefore: before, cause: error });
  const now = step.direction === "up" ? migration.version - 1 : migration.version;
  const isAlone = args.kept.length === 0;
  throw new MigrationError(
    "migration-failed",
    `${failed} It was undone: the schema is at version ${now}, the release that serves continues${isAlone ? "." : `; ${whatStays(args.kept)}`}`,
    { cause: error, changed: isAlone ? "undone" : "kept" },
  );
}

/** Goes the other way. @throws MigrationError when that fails as well. */
async function undo(
  args: Context & { step: MigrationStep },
  what: { failed: string; id: string; schemaBefore: string[]; cause: unknown },
): Promise<void> {
  const { sessions, migration, step, progress } = args;
  const direction = step.direction === "up" ? "down" : "up";
  progress({ kind: "undoing", migration: label(migration), because: messageOf(what.cause) });
  const id = await beginEntry(sessions.engine, {
    migration,
    direction,
    isAdopted: false,
    isContinued: true,
    undoes: what.id,
    schemaBefore: what.schemaBefore,
  });
  const outcome = await tryDirection(args, { direction, id, tables: tablesIn(what.schemaBefore), isHalfWay: true });
  if (!("error" in outcome)) {
    const { lines } = await schemaFingerprint(sessions.engine);
    const differences = fingerprintDifference(what.schemaBefore, lines);
    if (differences.length === 0) return;
    await noteEntry(sessions.engine, id, { differences });
    throw new MigrationError(
      "undo-left-differences",
      `${what.failed} It was rolled back and verified, but the schema is not what it was: ${differences.join(", ")}. ` +
        "The release that serves continues.",
      {
        cause: what.cause,
        changed: "kept",
        remedy: "remove what the rollback has left, or let the next version do so; then pulumi up",
      },
    );
  }
  if (!isConnectionLoss(outcome.error)) await failEntry(sessions.engine, id, { error: messageOf(outcome.error) });
  throw new MigrationError(
    "version-half-done",
    `${what.failed} Undoing it failed as well: ${messageOf(outcome.error)} ` +
      `Version ${migration.version} is half done; both releases run on it.`,
    {
      cause: what.cause,
      changed: "kept",
      remedy: "pulumi up again: it finishes the version, or rolls it back where the older one is configured",
    },
  );
}

type Attempt = {
  direction: "up" | "down";
  id: string;
  tables: ReadonlySet<string>;
  /** An attempt before this one, in either direction, did not get to its end. */
  isHalfWay: boolean;
  checkpoint?: { unit: number; key: string };
};

async function tryDirection(
  args: Context,
  attempt: Attempt,
): Promise<AppliedMigration | { error: unknown; hasChanged: boolean }> {
  const { sessions, options, progress, migration } = args;
  const { engine } = sessions;
  const { direction, id } = attempt;
  const name = label(migration);
  const began = performance.now();
  const units: UnitEntry[] = [];
  let hasChanged = false;
  try {
    const script = migration[direction];
    if (attempt.isHalfWay)
      await removeLeftoversOf(sessions, [...migration.up.units, ...migration.down.units], options, {
        what: `tidying up before ${name} ${direction}`,
        progress,
      });
    for (const unit of script.units) {
      progress({
        kind: "unit-started",
        migration: name,
        direction,
        unit: unit.number,
        of: script.units.length,
        summary: unit.summary,
      });
      if (unit.kind !== "check") hasChanged = true;
      const entry = await runAndNote(args, attempt, unit);
      if (entry) units.push(entry);
      if (entry && unit.kind !== "check") await noteEntry(engine, id, { units });
      progress({
        kind: "unit-finished",
        migration: name,
        direction,
        unit: unit.number,
        transactionMs: entry?.longestLockMs ?? 0,
        attempts: entry?.attempts ?? 0,
        isSkipped: entry === undefined,
      });
    }
    await verify(args, direction);
    const leftOver = direction === "down" ? await leftOverOf(args) : [];
    const longestLockMs = Math.max(0, ...units.map((unit) => unit.longestLockMs));
    const durationMs = performance.now() - began;
    const alsoRecord = options.alsoRecord[migration.version]?.[direction] ?? [];
    const details = { units, durationMs: round(durationMs), longestLockMs, leftOver };
    await sessions.renew();
    await withinBudget(
      sessions,
      options,
      { what: `recording ${name} ${direction}`, isGentle: false, progress },
      (limits) =>
        finishEntry(sessions.worker, { id, version: migration.version, direction, details, alsoRecord }, limits),
    );
    // After the application's own journal has been written to, which may have been made by that.
    if (direction === "up") await noteEntry(engine, id, { schemaAfter: (await schemaFingerprint(engine)).lines });
    progress({ kind: "finished", migration: name, direction, durationMs });
    for (const line of leftOver)
      progress({ kind: "warning", message: `${name}: differs from the schema before it went up: ${line}` });
    return {
      version: migration.version,
      name,
      direction,
      isRecorded: false,
      durationMs,
      longestLockMs,
      units,
      leftOver,
    };
  } catch (error) {
    await sessions.worker.query("ROLLBACK").catch(() => undefined);
    return { error, hasChanged };
  }
}

async function runAndNote(args: Context, attempt: Attempt, unit: Unit): Promise<UnitEntry | undefined> {
  const { sessions, options, progress, migration } = args;
  const what = `statement ${unit.number} (${label(migration)}.${attempt.direction}.sql:${unit.line})`;
  const outcome = await runUnit(sessions, unit, options, {
    what,
    progress,
    batches: {
      after: attempt.checkpoint?.unit === unit.number ? attempt.checkpoint.key : null,
      checkpoint: (key) => noteEntry(sessions.engine, attempt.id, { checkpoint: { unit: unit.number, key } }),
    },
  }).catch((error: unknown) => {
    if (error instanceof MigrationError || isConnectionLoss(error)) throw error;
    throw new MigrationError("migration-failed", `${what}: ${serverSaid(error)}.`, { cause: error });
  });
  if (!outcome) return undefined;
  const { spent, rows } = outcome;
  return {
    unit: unit.number,
    summary: unit.summary,
    attempts: spent.attempts,
    totalMs: round(spent.totalMs),
    longestLockMs: round(spent.transactionMs),
    locks: spent.locks.filter(({ table }) => attempt.tables.has(table)),
    ...(rows === undefined ? {} : { rows }),
    blockers: spent.blockers,
  };
}

/**
 * A version that somebody else made: recorded once its verify script passes, and never run. So the baseline where there is no
 * journal, and every version where the application migrates itself.
 */
export async function recordVersion(args: Context, existing: string[]): Promise<AppliedMigration> {
  const { sessions, options, progress, migration } = args;
  const { engine } = sessions;
  const name = label(migration);
  const began = performance.now();
  try {
    await verify(args, "up");
  } catch (error) {
    const found =
      existing.length > 0 ? `already holds ${existing.join(", ")}, and they are not ${name}` : `does not hold ${name}`;
    const { state, changed } = unchangedBut(args.kept);
    throw new MigrationError("database-differs", `The database ${found}: ${messageOf(error)} ${state}`, {
      cause: error,
      changed,
      remedy: "is this the right database? If so, bring it to that schema first; then pulumi up",
    });
  }
  const id = await beginEntry(engine, {
    migration,
    direction: "up",
    isAdopted: true,
    isContinued: false,
    schemaBefore: [],
  });
  const alsoRecord = options.alsoRecord[migration.version]?.up ?? [];
  const details = { recorded: true, found: existing };
  await sessions.renew();
  await withinBudget(sessions, options, { what: `recording ${name}`, isGentle: false, progress }, (limits) =>
    finishEntry(sessions.worker, { id, version: migration.version, direction: "up", details, alsoRecord }, limits),
  );
  await noteEntry(engine, id, { schemaAfter: (await schemaFingerprint(engine)).lines });
  progress({ kind: "recorded", migration: name });
  args.kept.push(`${name} is recorded`);
  const durationMs = performance.now() - began;
  return {
    version: migration.version,
    name,
    direction: "up",
    isRecorded: true,
    durationMs,
    longestLockMs: 0,
    units: [],
    leftOver: [],
  };
}

/** A verify script can only pass or raise, and it can only read. */
async function verify({ sessions, options, progress, migration }: Context, direction: "up" | "down"): Promise<void> {
  const budget = { what: `verifying ${label(migration)} ${direction}`, isGentle: true, progress };
  try {
    await sessions.renew();
    await withinBudget(sessions, options, budget, (limits) =>
      sessions.worker.query(transactionText(migration.verify[direction], limits, options.settings, "READ ONLY")),
    );
  } catch (error) {
    await sessions.worker.query("ROLLBACK").catch(() => undefined);
    if (isConnectionLoss(error) || error instanceof MigrationError) throw error;
    throw new MigrationError("migration-verification-failed", `verification: ${serverSaid(error)}.`, { cause: error });
  }
}

async function existingTables(engine: Client, names: readonly QualifiedName[]): Promise<string[]> {
  const { rows } = await engine.query<{ name: string }>(
    "SELECT name FROM unnest($1::text[], $2::text[]) AS named (quoted, name) WHERE to_regclass(quoted) IS NOT NULL",
    [names.map(quoted), names.map(shownName)],
  );
  return rows.map((row) => row.name);
}

/** Where the schema before isn't known, somebody else having made the version: tables and functions that no version makes. */
async function leftOverOf({ sessions: { engine }, migration, knownTables }: Context): Promise<string[]> {
  const [before, { lines: now }] = [await schemaBefore(engine, migration.version), await schemaFingerprint(engine)];
  if (before !== undefined) return fingerprintDifference(before, now);
  const known = new Set([...knownTables].map((table) => `table ${table}`));
  return [...new Set(now.map(subjectOf))]
    .filter((subject) => /^(table|function|procedure) /.test(subject) && !known.has(subject))
    .map((subject) => `+ ${subject}`);
}

function messageOf(error: unknown): string {
  return error instanceof MigrationError ? error.message : serverSaid(error);
}

/** Milliseconds for people and journals: a tenth is enough. */
function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
