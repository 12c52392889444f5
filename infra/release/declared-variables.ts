/**
 * The names in a release's file of `NAME=` lines, sorted. A line that is commented out names an optional variable; dotenv allows
 * blanks around the `=`.
 */
export function declaredVariables(text: string): string[] {
  const names = [...text.matchAll(/^[ \t]*(?:export[ \t]+)?([A-Z_][A-Z0-9_]*)[ \t]*=/gm)].map(([, name = ""]) => name);
  return [...new Set(names)].sort();
}

/** Those that have no value, or an empty one. */
export function unsetVariables(declared: readonly string[], variables: Readonly<Record<string, string>>): string[] {
  return declared.filter((name) => (variables[name] ?? "").trim() === "");
}
