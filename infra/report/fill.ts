import { type BoxId, boxes, isBoxId } from "../checklist/boxes";
import { owners, standIns } from "../checklist/owners";
import { notNeededAtSchema } from "../checklist/provable";
import type { BoxResult } from "../checklist/result";
import { type Phase, phases } from "../core/phases";
import { compute, isComputed } from "./computed";
import { contactBoxes } from "./contacts";
import type { DeploymentHeader } from "./header";
import type { PhaseRecord } from "./record";

/** A person's word for a box, from config; `on` is a date such as 2026-11-23. */
export type SignOff = { box: string; by: string; on: string };

/**
 * Gives every box of the checklist one result, in the checklist's order.
 * @param chain records that belong together, in order (`chainOf`)
 * @param remarks takes what contradicts the checklist's own rules
 */
export function fillBoxes(
  header: DeploymentHeader,
  chain: readonly PhaseRecord[],
  signOffs: readonly SignOff[],
  remarks: string[],
): BoxResult[] {
  const results = new Map<BoxId, BoxResult>();
  for (const record of chain) for (const box of record.boxes) take(record.phase, box, results, remarks);
  for (const box of contactBoxes(header)) results.set(box.id, box);
  const today = chain.at(-1)?.finishedAt.slice(0, 10);
  for (const signOff of signOffs) sign(signOff, today, results, remarks);
  for (const { id } of boxes)
    if (!isComputed(id) && !results.has(id)) results.set(id, resultWithoutProof(id, header, chain));
  const resultOf = (id: BoxId): BoxResult => results.get(id) ?? resultWithoutProof(id, header, chain);
  return boxes.map(({ id }) => (isComputed(id) ? compute(id, resultOf) : resultOf(id)));
}

/**
 * A phase passes only its own boxes, or those of one whose work it did; what no phase owns may come with any record; a failure counts whoever saw it, and
 * nothing that follows takes it away.
 */
function take(phase: Phase, box: BoxResult, results: Map<BoxId, BoxResult>, remarks: string[]): void {
  const owner = owners[box.id];
  if (owner === "person" || isComputed(box.id) || owner === "report") {
    remarks.push(
      `${phase} spoke of ${box.id}, which is ${owner === "person" ? "for a person to sign off" : "computed"}; left out.`,
    );
    return;
  }
  const isStandIn = standIns[owner] === phase && box.source === owner;
  const foreign = owner !== phase && !isStandIn && (phases as readonly string[]).includes(owner);
  if (foreign && box.result !== "failed") {
    remarks.push(`${phase} spoke of ${box.id}, which ${owner} proves; left out.`);
    return;
  }
  if (results.get(box.id)?.result === "failed") return;
  results.set(box.id, box);
}

/** @param today the deployment's day; nobody knows beforehand what a box is like on a later one */
function sign(
  { box, by, on }: SignOff,
  today: string | undefined,
  results: Map<BoxId, BoxResult>,
  remarks: string[],
): void {
  if (!isBoxId(box)) remarks.push(`signOffs names ${box}, which is no box of the checklist.`);
  else if (owners[box] !== "person")
    remarks.push(`${by} signed off ${box}, which is not a person's to sign off; left out.`);
  else if (today !== undefined && on > today)
    results.set(box, {
      id: box,
      result: "open",
      evidence: "",
      reason: `${by} signed it off for ${on}, which is still ahead: waits for a sign-off of ${today} or before`,
      source: "person",
    });
  else results.set(box, { id: box, result: "passed", evidence: `signed off by ${by} on ${on}`, source: "person" });
}

/** What a box is that no record speaks of. Never `passed`. */
function resultWithoutProof(id: BoxId, header: DeploymentHeader, chain: readonly PhaseRecord[]): BoxResult {
  const owner = owners[id];
  const base = { id, evidence: "", source: owner };
  const notNeeded = notNeededAtSchema(id, header.to.schemaVersion, header.providersSinceSchema);
  if (notNeeded !== undefined) return { ...base, result: "not needed", reason: notNeeded };
  if (owner === "person") return { ...base, result: "open", reason: "waits for a person's sign-off in config" };
  const stopped = chain.find((record) => record.outcome === "failed");
  if (stopped !== undefined) return { ...base, result: "not yet", reason: `the run stopped at ${stopped.phase}` };
  if (!(phases as readonly string[]).includes(owner))
    return { ...base, result: "not yet", reason: "nothing has proved it yet" };
  const ran = chain.some((record) => record.phase === owner);
  return { ...base, result: "not yet", reason: ran ? `${owner} ended without a word on it` : `${owner} has not run` };
}
