import type { BoxId } from "../checklist/boxes";
import type { BoxResult } from "../checklist/result";
import { byRole } from "./format";
import type { DeploymentHeader, Person } from "./header";

/** The checklist's own form, left unfilled: `[Name]`, `[Contact Info]`, or the usual words for "later". */
const unfilled = /^\s*$|\[.*\]|^\s*(todo|tbd|tba|n\/?a|none|-+|\?+|x+)\s*$/i;

/** Whether CON-1 to CON-3 hold: everybody named, and each with a way to reach them. */
export function contactBoxes(header: Pick<DeploymentHeader, "contacts" | "escalation" | "dependencies">): BoxResult[] {
  return [
    judge("CON-1", "contacts.team", header.contacts, reach),
    judge("CON-2", "contacts.escalation", header.escalation, reach),
    judge("CON-3", "contacts.dependencies", header.dependencies, (dependency) => [dependency.contact]),
  ];
}

function judge<Entry extends { name: string }>(
  id: BoxId,
  key: string,
  entries: Record<string, Entry>,
  waysOf: (entry: Entry) => string[],
): BoxResult {
  const roles = byRole(entries);
  const unreachable = roles.filter(
    ([, entry]) => unfilled.test(entry.name) || !waysOf(entry).some((way) => !unfilled.test(way)),
  );
  if (roles.length === 0) return { id, result: "failed", evidence: `nobody is named under ${key}`, source: "report" };
  if (unreachable.length === 0)
    return { id, result: "passed", evidence: `${roles.length} named, each with a way to reach them`, source: "report" };
  const names = unreachable.map(([role]) => `${key}.${role}`).join(", ");
  return {
    id,
    result: "failed",
    evidence: `cannot be reached: ${names}`,
    reason: `fill them in: pulumi config set --path '${key}.${unreachable[0]?.[0]}.name' NAME`,
    source: "report",
  };
}

export function reach(person: Person): string[] {
  return [person.phone, person.email].filter((way) => way !== undefined && way !== "") as string[];
}
