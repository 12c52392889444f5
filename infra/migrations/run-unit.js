import pg from "pg";
import { limitsOf, transactionText, withinBudget } from "./budget";
import { runBatches } from "./batches";
/** Whether the unit's conditions hold now. */
export async function isNeeded({ worker }, unit, options) {
    if (unit.when.length === 0)
        return true;
    const asked = transactionText([`SELECT (${unit.when.join(" AND ")}) AS needed`], limitsOf(options, true), options.settings, "READ ONLY");
    const results = (await worker.query(asked));
    return results.some((result) => result.rows[0]?.needed === true);
}
/** Runs one unit under the lock budget. @throws as `withinBudget`. */
export async function runUnit(sessions, unit, options, context) {
    const { what, progress } = context;
    if (!(await isNeeded(sessions, unit, options)))
        return undefined;
    const budget = { what, isGentle: unit.isGentle, progress };
    const { worker } = sessions;
    switch (unit.kind) {
        case "transaction":
        case "check": {
            const mode = unit.kind === "check" ? "READ ONLY" : "";
            const { spent } = await withinBudget(sessions, options, budget, (limits) => worker.query(transactionText(unit.statements, limits, options.settings, mode)));
            return { spent };
        }
        case "outside":
        case "index": {
            const { spent } = await withinBudget(sessions, options, budget, (limits) => outside(sessions, limits, async () => {
                if (unit.index)
                    await dropInvalidIndex(sessions, unit.index);
                for (const statement of unit.statements)
                    await worker.query(statement);
            }));
            return { spent };
        }
        case "batch": {
            const { spent, rows, changed } = await runBatches(sessions, options, { ...budget, ...context.batches, statement: unit.statements[0] ?? "" });
            return { spent, rows, changed };
        }
        default:
            return unit.kind;
    }
}
/** Outside a transaction settings last as long as the session: they are taken back whatever happens. */
async function outside({ worker }, limits, work) {
    try {
        await worker.query(`SET lock_timeout = ${limits.lockTimeoutMs}`);
        await worker.query(`SET statement_timeout = ${limits.statementTimeoutMs}`);
        await worker.query("SET search_path = public");
        await work();
    }
    finally {
        for (const setting of ["lock_timeout", "statement_timeout", "search_path"])
            await worker.query(`RESET ${setting}`).catch(() => undefined);
    }
}
/** What a crash or a lock timeout left of an index: IF NOT EXISTS would take it for the real one. */
async function dropInvalidIndex({ worker }, index) {
    const { rows } = await worker.query("SELECT FROM pg_index WHERE indexrelid = to_regclass($1) AND NOT (indisvalid AND indisready)", [index]);
    if (rows.length > 0)
        await worker.query(`DROP INDEX CONCURRENTLY IF EXISTS ${index.split(".").map((part) => pg.escapeIdentifier(part)).join(".")}`);
}
