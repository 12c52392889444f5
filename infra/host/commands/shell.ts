/** Quotes one word for a POSIX shell. The only place that does. */
export function quote(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command line from its words. */
export function line(...words: string[]): string {
  return words.map(quote).join(" ");
}
