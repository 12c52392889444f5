/** Keys whose value is text as it stands; all others are JSON. */
const textKeys = new Set(["release"]);

/** A stack's config as Pulumi gives it, all values text, without the namespace and parsed where it is JSON. */
export function rawSettings(config: Readonly<Record<string, string>>, namespace: string): Record<string, unknown> {
  const own = Object.entries(config)
    .filter(([key]) => key.startsWith(`${namespace}:`))
    .map(([key, value]) => [key.slice(namespace.length + 1), value] as const);
  return Object.fromEntries(own.map(([key, value]) => [key, textKeys.has(key) ? value : parseValue(value)]));
}

function parseValue(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
