/**
 * @throws when the journal contradicts itself: a version above one that is missing.
 */
export function schemaStateOf(rows) {
    const last = new Map();
    for (const row of rows)
        last.set(row.version, row);
    let version = 0;
    while (isWhole(last.get(version + 1)))
        version += 1;
    const above = [...last.values()].filter((row) => row.version > version && !isGone(row)).sort((a, b) => a.version - b.version);
    const pending = above[0];
    if (pending && (pending.version !== version + 1 || above.length > 1)) {
        throw new Error(`migration_audit contradicts itself: version ${version + 1} is not there, but ${above.map((row) => `${row.version} is ${row.status}`).join(", ")}. ` +
            "Somebody changed the journal by hand; compare the schema with sql/verify before anything else is run.");
    }
    return { version, ...(pending ? { pending } : {}) };
}
/**
 * What leads from `state` to `target`: what is half done is finished or taken back first.
 *
 * @throws when the target is not among the versions, or the database is ahead of them.
 */
export function stepsTo(state, target, newest) {
    const reached = Math.max(state.version, state.pending?.version ?? 0);
    if (!Number.isInteger(target) || target < 0 || target > newest) {
        throw new Error(`There is no schema version ${target}: this checkout has 1 to ${newest}. Nothing was changed.`);
    }
    if (reached > newest) {
        throw new Error(`The database has schema version ${reached}, this checkout only 1 to ${newest}: it cannot take back what it doesn't know. ` +
            "Run this from the checkout that made it. Nothing was changed.");
    }
    const steps = [];
    const { pending } = state;
    if (pending && pending.version > target)
        steps.push({ version: pending.version, direction: "down", isContinued: true });
    for (let version = state.version; version > target; version -= 1)
        steps.push({ version, direction: "down", isContinued: false });
    for (let version = state.version + 1; version <= target; version += 1) {
        steps.push({ version, direction: "up", isContinued: pending?.version === version });
    }
    return steps;
}
function isWhole(row) {
    return row?.direction === "up" && row.status === "completed";
}
function isGone(row) {
    return row.status === "reverted";
}
