/** `[id, what the checklist asks, how it is proved]` */
type Line = readonly [id: string, title: string, provedBy: string];

/** One heading of the checklist; `const` keeps the ids as literals, so that a misspelt id is a type error everywhere. */
export function section<const Lines extends readonly Line[]>(chapter: string, name: string, lines: Lines) {
  return { chapter, name, lines } as const;
}
