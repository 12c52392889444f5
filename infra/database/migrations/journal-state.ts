/** What the journal's rows of this program say, oldest first. */
export type JournalRow = {
  id: string;
  version: number;
  name: string;
  direction: "up" | "down";
  status: "running" | "completed" | "failed" | "reverted";
  /** Of the link that ran, see hash-chain.ts. */
  chain: string;
  /** Its tables were there before it first ran: somebody else made them, and undoing a failure would take them away. */
  isAdopted: boolean;
  /** Where its batches had come to, by unit. */
  checkpoint?: { unit: number; key: string };
};

/** How a database stands: versions 1 to `version` are whole, `pending` is half done in one direction or the other. */
export type SchemaState = { version: number; pending?: JournalRow };

/**
 * @throws when the journal contradicts itself: a version above one that is missing.
 */
export function schemaStateOf(rows: JournalRow[]): SchemaState {
  const last = new Map<number, JournalRow>();
  for (const row of rows) last.set(row.version, row);
  let version = 0;
  while (isWhole(last.get(version + 1))) version += 1;
  const above = [...last.values()]
    .filter((row) => row.version > version && !isGone(row))
    .sort((a, b) => a.version - b.version);
  const pending = above[0];
  if (pending && (pending.version !== version + 1 || above.length > 1)) {
    throw new Error(
      `migration_audit contradicts itself: version ${version + 1} is not there, but ${above.map((row) => `${row.version} is ${row.status}`).join(", ")}. ` +
        "Somebody changed the journal by hand; compare the schema with sql/verify before anything else is run.",
    );
  }
  return { version, ...(pending ? { pending } : {}) };
}

export type MigrationStep = { version: number; direction: "up" | "down"; isContinued: boolean };

/**
 * What leads from `state` to `target`: what is half done is finished or taken back first.
 *
 * @throws when the target is not among the versions, or the database is ahead of them.
 */
export function stepsTo(state: SchemaState, target: number, newest: number): MigrationStep[] {
  const reached = Math.max(state.version, state.pending?.version ?? 0);
  if (!Number.isInteger(target) || target < 0 || target > newest) {
    throw new Error(`There is no schema version ${target}: this checkout has 1 to ${newest}. Nothing was changed.`);
  }
  if (reached > newest) {
    throw new Error(
      `The database has schema version ${reached}, this checkout only 1 to ${newest}: it cannot take back what it doesn't know. ` +
        "Run this from the checkout that made it. Nothing was changed.",
    );
  }
  const steps: MigrationStep[] = [];
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

function isWhole(row: JournalRow | undefined): boolean {
  return row?.direction === "up" && row.status === "completed";
}

function isGone(row: JournalRow): boolean {
  return row.status === "reverted";
}
