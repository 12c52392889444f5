/** A snapshot that a deployment made before it changed the schema. */
export type KeptSnapshot = {
  id: string;
  createdAt: Date;
  /** When a restored copy of it was proved; null where none was, or not yet. */
  provenAt: Date | null;
};

export type RetentionPolicy = { keepDays: number; keepSnapshots: number };

/**
 * What may go: older than the policy's days, and neither among the newest of all nor among the newest proven ones. So the
 * newest proven one always stays, however old, and however many came after it that nobody proved.
 */
export function snapshotsToPrune<S extends KeptSnapshot>(
  snapshots: readonly S[],
  policy: RetentionPolicy,
  now: Date,
): S[] {
  const newestFirst = [...snapshots].sort((one, other) => other.createdAt.getTime() - one.createdAt.getTime());
  const kept = new Set<S>([
    ...newestFirst.slice(0, policy.keepSnapshots),
    ...newestFirst.filter((snapshot) => snapshot.provenAt !== null).slice(0, Math.max(1, policy.keepSnapshots)),
  ]);
  const oldest = now.getTime() - policy.keepDays * 86_400_000;
  return newestFirst.filter((snapshot) => !kept.has(snapshot) && snapshot.createdAt.getTime() < oldest);
}

/** The newest snapshot of which a restored copy was proved. */
export function newestProven<S extends KeptSnapshot>(snapshots: readonly S[]): S | undefined {
  return snapshots
    .filter((snapshot) => snapshot.provenAt !== null)
    .sort((one, other) => other.createdAt.getTime() - one.createdAt.getTime())[0];
}
