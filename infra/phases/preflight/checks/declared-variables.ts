/** The names that a file of `NAME=` lines declares; comments, and what is commented out, are not needed. */
export function declaredVariables(text: string): string[] {
  return [...text.matchAll(/^\s*(?:export\s+)?([A-Z_][A-Z0-9_]*)\s*=/gm)].map(([, name]) => name ?? "");
}

/** Those that have no value, or an empty one. */
export function unsetVariables(declared: readonly string[], variables: Readonly<Record<string, string>>): string[] {
  return declared.filter((name) => (variables[name] ?? "").trim() === "");
}
