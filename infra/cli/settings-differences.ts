import type { Settings } from "../settings/settings";

export type Difference = { key: string; before: string; after: string };

export const hidden = "(hidden)";
const absent = "(not set)";

/** Every setting by its path, as JSON; secret ones as they are, to be compared and not shown. */
function leavesOf(value: unknown, path = ""): [string, string][] {
  if (typeof value !== "object" || value === null) return [[path, JSON.stringify(value)]];
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  if (entries.length === 0) return [[path, Array.isArray(value) ? "[]" : "{}"]];
  return entries.flatMap(([key, inner]) => leavesOf(inner, path === "" ? key : `${path}.${key}`));
}

const isSecret = (key: string) => key === "secrets" || key.startsWith("secrets.");

/** Every setting that a deployment would have other than the one before it. Secrets are compared and never shown. */
export function settingsDifferences(before: Settings, after: Settings): Difference[] {
  const [old, now] = [new Map(leavesOf(before)), new Map(leavesOf(after))];
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((key) => old.get(key) !== now.get(key))
    .sort()
    .map((key) => ({ key, before: shown(key, old.get(key)), after: shown(key, now.get(key)) }));
}

/** Every setting that is resolved, defaults included. */
export function resolvedSettings(settings: Settings): { key: string; value: string }[] {
  return leavesOf(settings).map(([key, value]) => ({ key, value: shown(key, value) }));
}

function shown(key: string, value: string | undefined): string {
  if (value === undefined) return absent;
  return isSecret(key) ? hidden : value;
}
