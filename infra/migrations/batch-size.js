/** Rows locked by a batch stay locked until it commits: this long is what a writer of one of them may notice, in milliseconds. */
export const batchTargetMs = 20;
/** The next batch's size after one of `size` rows took `tookMs`: steps of at most two, between 50 rows and `largest`. */
export function nextBatchSize(size, tookMs, largest) {
    const factor = Math.min(2, Math.max(0.5, batchTargetMs / Math.max(tookMs, 1)));
    return Math.max(Math.min(50, largest), Math.min(largest, Math.round(size * factor)));
}
/** A replica further behind than this makes the batches pause, in milliseconds. */
export const replicaLagLimitMs = 5_000;
/** How long to pause before the next batch, in milliseconds: not at all while nobody waits, else doubling up to 2 s. */
export function nextPauseMs(previousMs, congestion) {
    if (congestion.waitingSessions === 0 && congestion.replicaLagMs < replicaLagLimitMs)
        return 0;
    return Math.min(2_000, Math.max(50, previousMs * 2));
}
