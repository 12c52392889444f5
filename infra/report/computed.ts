import { type BoxId, boxIds } from "../checklist/boxes";
import type { BoxResult } from "../checklist/result";

const among = (...prefixes: string[]): BoxId[] =>
  boxIds.filter((id) =>
    prefixes.some((prefix) => id === prefix || id.startsWith(`${prefix}.`) || id.startsWith(`${prefix}-`)),
  );

/**
 * Which boxes decide a computed one: the nine success criteria, and the four reasons to roll back that checks can decide
 * (there, `passed` means that the reason does not exist).
 */
export const computedFrom = {
  "SUC-1": ["MIG-2.1", "MIG-3.1", "MIG-3.2", "MIG-3.3"],
  "SUC-2": ["APP-2.1", "APP-3.2", "APP-3.3"],
  "SUC-3": ["APP-2.2", "APP-3.4", "FUN-1.2", "FUN-1.3", "FUN-1.4"],
  "SUC-4": ["FUN-1.1", "FUN-1.5", "FUN-1.6", "FUN-3.1", "FUN-3.2"],
  "SUC-5": ["FUN-2.2", "FUN-2.3", "FUN-2.4", "FUN-3.3"],
  "SUC-6": ["FUN-2.5"],
  "SUC-7": ["PER-1.1", "PER-2.2"],
  "SUC-8": ["APP-3.1", "PER-2.3"],
  "SUC-9": [...among("MON"), "POST-3.1", "POST-3.2"],
  "RBK-0.1": [...among("APP", "WEB", "FUN")],
  "RBK-0.2": ["PRE-2.2", "MIG-2.1", "MIG-3.1", "MIG-3.2", "MIG-3.3"],
  "RBK-0.3": [...among("SEC")],
  "RBK-0.4": [...among("PER")],
} as const satisfies Partial<Record<BoxId, readonly BoxId[]>>;

export type ComputedId = keyof typeof computedFrom;

export function isComputed(id: BoxId): id is ComputedId {
  return id in computedFrom;
}

/** Worst first: one failed part fails the whole, and what nobody has looked at is never called passed. */
const order = ["failed", "not yet", "open", "passed", "not needed"] as const;

/** Decides a computed box by the worst of its parts; parts that are not needed neither help nor harm. */
export function compute(id: ComputedId, resultOf: (id: BoxId) => BoxResult): BoxResult {
  const parts = computedFrom[id].map(resultOf);
  const worst = order.find((word) => parts.some((part) => part.result === word)) ?? "not yet";
  const deciding = ids(parts.filter((part) => part.result === worst));
  const base = { id, source: "report" };
  switch (worst) {
    case "passed":
      return { ...base, result: "passed", evidence: `${deciding} passed` };
    case "failed":
      return { ...base, result: "failed", evidence: `${deciding} failed` };
    case "not needed":
      return { ...base, result: "not needed", evidence: "", reason: parts[0]?.reason ?? `${deciding} not needed` };
    case "open":
      return { ...base, result: "open", evidence: "", reason: `${deciding} not signed off yet` };
    case "not yet":
      return { ...base, result: "not yet", evidence: "", reason: `${deciding} not proved yet` };
    default:
      return worst satisfies never;
  }
}

/** At most four names, so that a line stays a line. */
function ids(parts: readonly BoxResult[]): string {
  const names = parts.map((part) => part.id);
  return names.length <= 4 ? names.join(", ") : `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`;
}
