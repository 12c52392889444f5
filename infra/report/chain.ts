import { phases } from "../rollout/phases";
import { type PhaseRecord } from "./record";

/**
 * The records that belong together: from the newest preflight on, each following the one before.
 * Records of an earlier run follow a run that is no longer in the chain and are left out; a phase that ran twice after the
 * same predecessor counts as it ran last; nothing follows a phase that failed.
 */
export function chainOf(records: readonly PhaseRecord[]): PhaseRecord[] {
  const first = newest(records.filter((record) => record.phase === phases[0] && record.follows === null));
  const chain: PhaseRecord[] = [];
  for (let link = first; link !== undefined; link = successor(link, records)) {
    chain.push(link);
    if (link.outcome === "failed") break;
  }
  return chain;
}

/** Later in the order of phases only, so that no set of records can go round in a circle. */
function successor(link: PhaseRecord, records: readonly PhaseRecord[]): PhaseRecord | undefined {
  const place = phases.indexOf(link.phase);
  return newest(records.filter((record) => record.follows === link.runId && phases.indexOf(record.phase) > place));
}

function newest(records: readonly PhaseRecord[]): PhaseRecord | undefined {
  return [...records].sort((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt))[0];
}
