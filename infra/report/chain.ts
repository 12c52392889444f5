import { phases } from "../core/phases";
import type { PhaseRecord } from "./record";

/**
 * The records that belong together, in order: the newest, the one that it follows, and so on back to preflight.
 * A record of an earlier run is followed by none of them and so left out. Where one is lost the chain begins after it.
 * Nothing follows a phase that failed.
 * @param end the record that the chain ends with, where the reader knows better than the clocks that wrote them
 */
export function chainOf(
  records: readonly PhaseRecord[],
  end: PhaseRecord | undefined = newest(records),
): PhaseRecord[] {
  const chain: PhaseRecord[] = [];
  for (let link = end; link !== undefined; link = predecessor(link, records)) chain.unshift(link);
  const failure = chain.findIndex((record) => record.outcome === "failed");
  return failure === -1 ? chain : chain.slice(0, failure + 1);
}

/** Earlier in the order of phases only, so that no set of records can go round in a circle. */
function predecessor(link: PhaseRecord, records: readonly PhaseRecord[]): PhaseRecord | undefined {
  const place = phases.indexOf(link.phase);
  return records.find((record) => record.runId === link.follows && phases.indexOf(record.phase) < place);
}

/** By start; of two that claim the same moment the later phase. */
function newest(records: readonly PhaseRecord[]): PhaseRecord | undefined {
  return [...records].sort(
    (a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt) || phases.indexOf(b.phase) - phases.indexOf(a.phase),
  )[0];
}
