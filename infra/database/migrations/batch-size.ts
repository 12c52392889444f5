/**
 * Rows locked by a batch stay locked until it commits: this long is what a writer of one of them may notice, in milliseconds.
 * A row costs 20 to 60 µs (measured at a million: a third each the row's new version in every index, the foreign key's check, the rest),
 * so a batch is a few hundred rows, and its way there and back costs little beside it.
 */
export const batchTargetMs = 12;

/** A batch that takes longer is broken off and tried again with fewer rows, in milliseconds: the target is a mean, this is the end. */
export const batchCeilingMs = 30;

/** So few rows are not broken off: somewhere it has to continue, also on a server that is busy. */
export const smallestBatch = 25;

/** The next batch's size after one of `size` rows took `tookMs` on the server: steps of at most two, up to `largest`. */
export function nextBatchSize(size: number, tookMs: number, largest: number): number {
  const factor = Math.min(2, Math.max(0.5, batchTargetMs / Math.max(tookMs, 1)));
  return Math.max(Math.min(smallestBatch, largest), Math.min(largest, Math.round(size * factor)));
}

/** The size to try again with after one of `size` rows was broken off. */
export function smallerBatchSize(size: number, largest: number): number {
  return Math.max(Math.min(smallestBatch, largest), Math.floor(size / 4));
}

/** What the others on the server felt of the last batch. */
export type Congestion = { waitingSessions: number; replicaLagMs: number };

/** A replica further behind than this makes the batches pause, in milliseconds. */
export const replicaLagLimitMs = 5_000;

/** How long to pause before the next batch, in milliseconds: not at all while nobody waits, else doubling up to 2 s. */
export function nextPauseMs(previousMs: number, congestion: Congestion): number {
  if (congestion.waitingSessions === 0 && congestion.replicaLagMs < replicaLagLimitMs) return 0;
  return Math.min(2_000, Math.max(50, previousMs * 2));
}
