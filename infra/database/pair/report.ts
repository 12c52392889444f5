import { z } from "zod";
import { type Pair, pairSchema } from "../../core/compatibility";

const step = z.strictObject({
  from: z.int().min(0),
  to: z.int().min(0),
  durationMs: z.number().min(0),
  /** The longest that one transaction ran, and so the longest that it held a lock. */
  longestLockMs: z.number().min(0),
  /** SHA-256 of the schema afterwards. */
  fingerprint: z.string().min(1),
});

/** What `npm run pair` leaves: the way there, back and there again, on a copy of the stack's own database. */
export const pairReportSchema = z.strictObject({
  version: z.literal(1),
  stack: z.string().min(1),
  from: pairSchema,
  to: pairSchema,
  /** Digest of sql/migrations' chain. */
  migrations: z.string().min(1),
  /** The snapshot whose copy it was done on. */
  snapshot: z.string().min(1),
  at: z.iso.datetime(),
  steps: z.array(step).min(1),
  /** What was not as it should be; empty where the pair is proved. */
  problems: z.array(z.string()),
});

export type PairStep = z.infer<typeof step>;
export type PairReport = z.infer<typeof pairReportSchema>;

/** The older schema first: a rehearsal of the upgrade includes the rollback. */
export function orderedPair(one: Pair, other: Pair): [Pair, Pair] {
  return one.schemaVersion <= other.schemaVersion ? [one, other] : [other, one];
}

/** Where a pair's report is stored in the stack's bucket. */
export function pairKey(one: Pair, other: Pair): string {
  const name = ({ release, schemaVersion }: Pair) => `${encodeURIComponent(release)}@${schemaVersion}`;
  return `pairs/${orderedPair(one, other).map(name).join("--")}.json`;
}

/** There, back, there again: the versions that the schema goes to, from `from`. */
export function pairPath(from: number, to: number): [number, number, number] {
  return [to, from, to];
}

/** Why a pair has no schema to take back, and so nothing to rehearse; nothing where it has. */
export function nothingToRehearse(
  from: Pair | null,
  to: Pair,
  migrations: "program" | "application" | "both",
): string | undefined {
  if (from === null) return "nothing serves yet: there is nothing to go back to";
  if (from.schemaVersion === to.schemaVersion)
    return `the schema stays at ${to.schemaVersion}: the way back is the application alone, by the prior config (release ${from.release})`;
  if (migrations === "application")
    return "the application makes the schema itself and nobody takes it back (database.migrations: application): the way back is the application alone";
  return undefined;
}

/** Why a report does not speak for this pair now; nothing where it does. */
export function pairReportProblem(report: PairReport | undefined, migrations: string): string | undefined {
  if (report === undefined) return "nobody has rehearsed this pair yet";
  if (report.migrations !== migrations)
    return `the migrations have changed since this pair was rehearsed at ${report.at}`;
  if (report.problems.length > 0) return `its rehearsal at ${report.at} failed: ${report.problems.join("; ")}`;
  return undefined;
}

export function describePairReport(report: PairReport): string {
  const way = report.steps
    .map(({ from, to, durationMs }) => `${from} → ${to} in ${(durationMs / 1000).toFixed(1)} s`)
    .join(", ");
  const longestLockMs = Math.max(...report.steps.map((done) => done.longestLockMs));
  return `rehearsed at ${report.at} on a copy of ${report.snapshot}: ${way}; equal schema fingerprints, no row lost, longest lock ${Math.round(longestLockMs)} ms`;
}
