import { Failure } from "../../core/failure";
import type { Migration } from "./files";
import { label } from "./hash-chain";
import { type SchemaState, stepsTo } from "./journal-state";

/**
 * What would run from a database's state to `target`, in words, once every version on the way has statements up and down and a verify
 * script for both. `migrations` come from `readMigrations`, which has held the chain already.
 *
 * @throws with every version that lacks something by name, or as `stepsTo`
 */
export function scriptsReady(migrations: readonly Migration[], state: SchemaState, target: number): string {
  const newest = migrations.at(-1);
  const steps = stepsTo(state, target, newest?.version ?? 0);
  const problems: string[] = [];
  const names = steps.map((step) => {
    const migration = migrations.find(({ version }) => version === step.version);
    if (migration === undefined) return (problems.push(`version ${step.version} is not among sql/migrations`), "");
    const missing = missingParts(migration);
    if (missing.length > 0) problems.push(`${label(migration)} has no ${missing.join(", no ")}`);
    return `${label(migration)} ${step.direction}${step.isContinued ? ", which an earlier run left half done" : ""}`;
  });
  if (problems.length > 0)
    throw new Failure(
      "migration-incomplete",
      problems.join("; "),
      "write what is missing, then npx tsx infra/database/migrations/chain.ts",
      { changed: "nothing" },
    );
  const chain = `the chain of ${migrations.length} versions holds, sha256:${newest?.chain.slice(0, 16) ?? "of none"}`;
  return names.length === 0
    ? `the schema stays at ${target}; ${chain}`
    : `${names.join(", ")}: up, down and verify of both are there; ${chain}`;
}

/** Those of a version's four scripts that hold no statement. */
export function missingParts({ up, down, verify }: Migration): string[] {
  const parts: [string, number][] = [
    ["up", up.units.length],
    ["down", down.units.length],
    ["verify", verify.up.length],
    ["verify of the way down", verify.down.length],
  ];
  return parts.filter(([, count]) => count === 0).map(([part]) => part);
}
