/** Quotes one word for a POSIX shell. The only place that does. */
export function quote(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Writes a file whole or not at all; what it holds is in no process list. */
export function writeFileScript(path: string, content: string, mode = "0644"): string {
  const temporary = quote(`${path}.new`);
  return `(umask 077; base64 -d > ${temporary}) <<'CONTENT'
${Buffer.from(content).toString("base64")}
CONTENT
chmod ${mode} ${temporary}
mv ${temporary} ${quote(path)}
`;
}

/** A command line from its words. */
export function line(...words: string[]): string {
  return words.map(quote).join(" ");
}
