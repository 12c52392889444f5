import type { Proof } from "../../checklist/result";
import type { SlotContent } from "../../context/host-state";
import { isRollback, type KnownRelease } from "../../release/history/ledger";

type Turned = { from: SlotContent | null; to: SlotContent; overlap: boolean };

/** RBK-1: whether traffic went back to a release that served before. By the ledger: no version number shows which release is older. */
export function rollbackProof(known: readonly KnownRelease[], { from, to, overlap }: Turned): Proof {
  if (from === null || !isRollback(known, from.digest, to.digest))
    return { result: "not needed", reason: "this deployment went forward" };
  const how = overlap ? "without a stop" : "requests waited meanwhile";
  return `from ${from.release} to ${to.release}, which served before it, ${how}`;
}
