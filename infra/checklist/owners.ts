import type { Phase } from "../core/phases";
import { type BoxId, boxIds } from "./boxes";

/**
 * Who proves a box. A phase reports on its own boxes in its record; what a resource, document, command or monitoring shows is
 * collected by the evidence phase; `person` is signed off in the settings (`signOffs`); `report` is computed from the other boxes.
 */
export type BoxOwner =
  | Phase
  | `resource:${string}`
  | "command:diagnose"
  | "document"
  | "monitoring"
  | "person"
  | "report";

/** Which phase may do another's work and report its boxes: where two copies must not run, activation starts the release and verifies it. */
export const standIns: Readonly<Partial<Record<BoxOwner, Phase>>> = { stage: "activate", verify: "activate" };

/** Exactly one owner per box: a missing or unknown id is a type error. */
export const owners: Readonly<Record<BoxId, BoxOwner>> = {
  "PRE-1.1": "preflight",
  "PRE-1.2": "preflight",
  "PRE-1.3": "preflight",
  "PRE-1.4": "preflight",
  "PRE-1.5": "preflight",
  "PRE-2.1": "backup",
  "PRE-2.2": "backup",
  "PRE-2.3": "backup",
  "PRE-2.4": "backup",
  "PRE-2.5": "backup",
  "PRE-3.1": "preflight",
  "PRE-3.2": "preflight",
  "PRE-3.3": "preflight",
  "PRE-3.4": "preflight",
  "PRE-3.5": "preflight",
  "PRE-4.1": "preflight",
  "PRE-4.2": "preflight",
  "PRE-4.3": "preflight",
  "PRE-4.4": "preflight",
  "PRE-4.5": "preflight",
  "MIG-1.1": "schemaUp",
  "MIG-1.2": "schemaUp",
  "MIG-1.3": "schemaUp",
  "MIG-2.1": "schemaUp",
  "MIG-2.2": "schemaUp",
  "MIG-3.1": "schemaUp",
  "MIG-3.2": "schemaUp",
  "MIG-3.3": "schemaUp",
  "APP-1.1": "stage",
  "APP-2.1": "stage",
  "APP-2.2": "verify",
  "APP-3.1": "verify",
  "APP-3.2": "verify",
  "APP-3.3": "verify",
  "APP-3.4": "verify",
  "WEB-1.1": "stage",
  "WEB-1.2": "configure",
  "WEB-1.3": "activate",
  "WEB-1.4": "verify",
  "FUN-1.1": "verify",
  "FUN-1.2": "verify",
  "FUN-1.3": "verify",
  "FUN-1.4": "verify",
  "FUN-1.5": "verify",
  "FUN-1.6": "verify",
  "FUN-2.1": "verify",
  "FUN-2.2": "verify",
  "FUN-2.3": "verify",
  "FUN-2.4": "verify",
  "FUN-2.5": "verify",
  "FUN-3.1": "verify",
  "FUN-3.2": "verify",
  "FUN-3.3": "verify",
  "PER-1.1": "verify",
  "PER-1.2": "verify",
  "PER-2.1": "verify",
  "PER-2.2": "verify",
  "PER-2.3": "verify",
  "SEC-1.1": "verify",
  "SEC-1.2": "verify",
  "SEC-1.3": "verify",
  "SEC-1.4": "verify",
  "SEC-2.1": "verify",
  "RBK-0.1": "report",
  "RBK-0.2": "report",
  "RBK-0.3": "report",
  "RBK-0.4": "report",
  "RBK-0.5": "person",
  "RBK-1": "activate",
  "RBK-2": "schemaDown",
  "RBK-3": "schemaDown",
  "MON-1.1": "monitoring",
  "MON-1.2": "monitoring",
  "MON-1.3": "monitoring",
  "MON-1.4": "monitoring",
  "MON-1.5": "monitoring",
  "MON-2.1": "monitoring",
  "MON-2.2": "monitoring",
  "MON-2.3": "monitoring",
  "MON-2.4": "monitoring",
  "MON-2.5": "monitoring",
  "TRB-1": "command:diagnose",
  "TRB-2": "command:diagnose",
  "TRB-3": "command:diagnose",
  "POST-1.1": "document",
  "POST-1.2": "document",
  "POST-1.3": "document",
  "POST-1.4": "document",
  "POST-2.1": "evidence",
  "POST-2.2": "person",
  "POST-2.3": "person",
  "POST-2.4": "person",
  "POST-3.1": "resource:dashboard",
  "POST-3.2": "resource:alarms",
  "POST-3.3": "document",
  "POST-3.4": "configure",
  "POST-4.1": "evidence",
  "POST-4.2": "backup",
  "POST-4.3": "resource:database",
  "POST-4.4": "document",
  "SUC-1": "report",
  "SUC-2": "report",
  "SUC-3": "report",
  "SUC-4": "report",
  "SUC-5": "report",
  "SUC-6": "report",
  "SUC-7": "report",
  "SUC-8": "report",
  "SUC-9": "report",
  "CON-1": "report",
  "CON-2": "report",
  "CON-3": "report",
};

/** The boxes that one owner has to report on, in the checklist's order. */
export function boxesOf(owner: BoxOwner): BoxId[] {
  return boxIds.filter((id) => owners[id] === owner);
}

/**
 * Compares what a phase reports with what it owns, so that a phase's test can expect both lists to be empty.
 * @returns `missing`: owned but not reported; `foreign`: reported but owned by another
 */
export function compareWithOwned(owner: BoxOwner, spokenOf: readonly BoxId[]): { missing: BoxId[]; foreign: BoxId[] } {
  const said = new Set(spokenOf);
  return {
    missing: boxesOf(owner).filter((id) => !said.has(id)),
    foreign: [...said].filter((id) => owners[id] !== owner),
  };
}
