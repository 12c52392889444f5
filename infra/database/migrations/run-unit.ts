import type { QueryResult } from "pg";
import { type Batches, runBatches } from "./batches";
import { type Budget, heldQuestion, migrateSettings, type Spent, transactionText, withinBudget } from "./budget";
import type { MigrationOptions } from "./options";
import type { ReportMigration } from "./progress";
import type { Unit } from "./script";
import { limitSettings, type Sessions } from "./session";
import { checkResult, removeLeftovers } from "./steps";
import { asideVacuum, vacuumedTables } from "./vacuum";

/** What a unit did: `undefined` when its condition said that it isn't needed. */
export type UnitOutcome = { spent: Spent; rows?: number; changed?: number } | undefined;

/** Whether the unit's conditions hold now. */
async function isNeeded(
  sessions: Sessions,
  unit: Unit,
  options: MigrationOptions,
  context: { what: string; progress: ReportMigration },
): Promise<boolean> {
  if (unit.when.length === 0) return true;
  const { result } = await withinBudget(sessions, options, { ...context, isGentle: true }, (limits) =>
    sessions.worker.query(
      transactionText([`SELECT (${unit.when.join(" AND ")}) AS needed`], limits, options.settings, "READ ONLY"),
    ),
  );
  const results = result as unknown as QueryResult<{ needed: boolean }>[];
  return results.some((one) => one.rows[0]?.needed === true);
}

/** Runs one unit under the lock budget, in a session that sees nothing of the units before it. @throws as `withinBudget`. */
export async function runUnit(
  sessions: Sessions,
  unit: Unit,
  options: MigrationOptions,
  context: { what: string; progress: ReportMigration; batches: Pick<Batches, "after" | "checkpoint"> },
): Promise<UnitOutcome> {
  const { what, progress } = context;
  if (!(await isNeeded(sessions, unit, options, { what, progress }))) return undefined;
  await sessions.renew();
  const budget = { what, isGentle: unit.isGentle, progress, statements: unit.statements.length };
  const { worker } = sessions;
  switch (unit.kind) {
    case "transaction": {
      const { spent } = await withinBudget(sessions, options, budget, async (limits, behindVacuum) => {
        const vacuumed = unit.isGentle ? [] : await vacuumedTables(sessions.engine, unit.touches);
        const tables = [...new Set([...vacuumed, ...behindVacuum])];
        const first = asideVacuum(tables, limits, options.gentleLockTimeoutMs);
        return worker.query(transactionText([...first, ...unit.statements, heldQuestion], limits, options.settings));
      });
      return { spent };
    }
    case "check": {
      const { spent } = await withinBudget(sessions, options, budget, (limits) =>
        worker.query(transactionText(unit.statements, limits, options.settings, "READ ONLY")),
      );
      return { spent };
    }
    case "steps":
      return { spent: await runSteps(sessions, unit, options, budget) };
    case "batch": {
      const { spent, rows, changed } = await runBatches(sessions, options, {
        ...budget,
        ...context.batches,
        statement: unit.statements[0] ?? "",
        parameters: unit.parameters ?? [],
      });
      return { spent, rows, changed };
    }
    default:
      return unit.kind satisfies never;
  }
}

async function runSteps(sessions: Sessions, unit: Unit, options: MigrationOptions, budget: Budget): Promise<Spent> {
  const { steps, statements } = unit;
  if (steps === undefined) throw new Error(`statement ${unit.number} has no steps`);
  const { worker } = sessions;
  // A procedure, which may lock what it likes, waits as shortly as any other statement, but it may have many steps.
  const patient = { ...options, statementTimeoutMs: options.longStatementTimeoutMs };
  try {
    const { spent } = await withinBudget(sessions, patient, budget, async (limits) => {
      await worker.query([...limitSettings(limits), ...migrateSettings(options.settings)].join("; "));
      if ((await removeLeftovers(sessions, steps)) === "done") return;
      for (const statement of statements) await worker.query(statement);
    });
    await checkResult(sessions, steps);
    return spent;
  } catch (error) {
    // Whoever undoes this, or fixes it and tries again, should not find half of it.
    await withinBudget(sessions, { ...options, deadlineMs: options.lockTimeoutMs }, { ...budget, isGentle: true }, () =>
      removeLeftovers(sessions, steps),
    ).catch(() => undefined);
    throw error;
  }
}

/** Before a script goes the other way: what the steps of this one left half done when it was cut off. */
export async function removeLeftoversOf(
  sessions: Sessions,
  units: readonly Unit[],
  options: MigrationOptions,
  context: { what: string; progress: ReportMigration },
): Promise<void> {
  for (const { steps } of units)
    if (steps !== undefined)
      await withinBudget(sessions, options, { ...context, isGentle: true }, () => removeLeftovers(sessions, steps));
}
