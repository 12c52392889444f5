/** The same text of nginx or HAProxy with every timeout that many times shorter. */
export function hasten(text: string, times: number): string {
  if (times === 1) return text;
  return text.replace(
    /^(\s*(?:timeout [\w-]+|\w+_timeout)\s+)(\d+)(ms|s|m|h)\b/gm,
    (_, directive: string, count: string, unit: string) =>
      `${directive}${Math.round((Number(count) * milliseconds[unit]!) / times)}ms`,
  );
}

const milliseconds: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
