import type { QueryResult } from "pg";
import pg from "pg";
import { type Batches, runBatches } from "./batches";
import { heldQuestion, type Limits, type Spent, transactionText, withinBudget } from "./budget";
import type { MigrationOptions } from "./options";
import type { Progress } from "./progress";
import type { Unit } from "./script";
import { floorOf, type Sessions } from "./session";
import { asideVacuum, vacuumedTables } from "./vacuum";

/** What a unit did: `undefined` when its condition said that it isn't needed. */
export type UnitOutcome = { spent: Spent; rows?: number; changed?: number } | undefined;

/** Whether the unit's conditions hold now. */
export async function isNeeded(
  sessions: Sessions,
  unit: Unit,
  options: MigrationOptions,
  context: { what: string; progress: Progress },
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

/** Runs one unit under the lock budget. @throws as `withinBudget`. */
export async function runUnit(
  sessions: Sessions,
  unit: Unit,
  options: MigrationOptions,
  context: { what: string; progress: Progress; batches: Pick<Batches, "after" | "checkpoint"> },
): Promise<UnitOutcome> {
  const { what, progress } = context;
  if (!(await isNeeded(sessions, unit, options, { what, progress }))) return undefined;
  const budget = { what, isGentle: unit.isGentle, progress };
  const { worker } = sessions;
  switch (unit.kind) {
    case "transaction": {
      const { spent } = await withinBudget(sessions, options, budget, async (limits) => {
        const vacuumed = unit.isGentle ? [] : await vacuumedTables(sessions.observer);
        const first = asideVacuum(vacuumed, unit.statements, limits, options.gentleLockTimeoutMs);
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
    case "outside":
    case "index": {
      const { spent } = await withinBudget(sessions, options, budget, (limits) =>
        outside(sessions, options, limits, async () => {
          if (unit.index) await dropInvalidIndex(sessions, unit.index);
          for (const statement of unit.statements) await worker.query(statement);
        }),
      );
      return { spent };
    }
    case "batch": {
      const { spent, rows, changed } = await runBatches(sessions, options, {
        ...budget,
        ...context.batches,
        statement: unit.statements[0] ?? "",
      });
      return { spent, rows, changed };
    }
    default:
      return unit.kind satisfies never;
  }
}

/** Outside a transaction settings last as long as the session: they are taken back whatever happens. */
async function outside(
  { worker }: Sessions,
  options: MigrationOptions,
  limits: Limits,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await worker.query(`SET lock_timeout = ${limits.lockTimeoutMs}`);
    await worker.query(`SET statement_timeout = ${limits.statementTimeoutMs}`);
    await worker.query("SET search_path = public");
    await work();
  } finally {
    await worker.query(floorOf(options)).catch(() => undefined);
    await worker.query("RESET search_path").catch(() => undefined);
  }
}

/** What a crash or a lock timeout left of an index: IF NOT EXISTS would take it for the real one. */
async function dropInvalidIndex({ worker }: Sessions, index: string): Promise<void> {
  const { rows } = await worker.query(
    "SELECT FROM pg_index WHERE indexrelid = to_regclass($1) AND NOT (indisvalid AND indisready)",
    [index],
  );
  if (rows.length > 0)
    await worker.query(
      `DROP INDEX CONCURRENTLY IF EXISTS ${index
        .split(".")
        .map((part) => pg.escapeIdentifier(part))
        .join(".")}`,
    );
}
