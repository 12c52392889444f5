/** A directive is a comment line `-- migrate:NAME argument` outside any statement. Lines count from 1. */
export type Token =
  | { kind: "directive"; name: string; argument: string; line: number }
  | { kind: "statement"; sql: string; line: number };

/**
 * Splits SQL at its semicolons, blind to those inside strings, quoted names, dollar quotes and comments, and finds the
 * directives between statements. Statements come without the comments before them and without the semicolon.
 *
 * @throws when a quote or comment is not closed, for a directive inside a statement, and for SQL-standard function bodies
 * (BEGIN ATOMIC), whose semicolons only a whole parser could tell apart: dollar quotes do the same.
 */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let start = -1;
  let at = 0;
  const lineOf = (position: number): number => text.slice(0, position).split("\n").length;
  const fail = (message: string, position: number): never => {
    throw new Error(`line ${lineOf(position)}: ${message}`);
  };
  const finish = (end: number): void => {
    if (start >= 0) {
      const sql = text.slice(start, end).trim();
      if (/\bBEGIN\s+ATOMIC\b/i.test(withoutQuoted(sql)))
        fail("BEGIN ATOMIC is not understood: write the body in dollar quotes", start);
      tokens.push({ kind: "statement", sql, line: lineOf(start) });
    }
    start = -1;
  };
  while (at < text.length) {
    const rest = text.slice(at, at + 2);
    const character = text.charAt(at);
    if (rest === "--") {
      const end = endOf(text, "\n", at, text.length);
      const directive = /^--\s*migrate:(\S*)\s*(.*?)\s*$/.exec(text.slice(at, end));
      if (directive) {
        if (start >= 0) fail("a directive stands inside a statement; is a semicolon missing before it?", at);
        tokens.push({ kind: "directive", name: directive[1] ?? "", argument: directive[2] ?? "", line: lineOf(at) });
      }
      at = end;
    } else if (rest === "/*") {
      at = endOfBlockComment(text, at) ?? fail("comment is not closed", at);
    } else if (character === ";") {
      finish(at);
      at += 1;
    } else if (/\s/.test(character)) {
      at += 1;
    } else {
      if (start < 0) start = at;
      at = endOfWord(text, at) ?? fail(`${character} is not closed`, at);
    }
  }
  finish(text.length);
  return tokens;
}

/** The same SQL with the inside of strings, quoted names, dollar quotes and comments left out: for looking at keywords. */
export function withoutQuoted(sql: string): string {
  let bare = "";
  let at = 0;
  while (at < sql.length) {
    const rest = sql.slice(at, at + 2);
    const end =
      rest === "--"
        ? endOf(sql, "\n", at, sql.length)
        : rest === "/*"
          ? (endOfBlockComment(sql, at) ?? sql.length)
          : (endOfWord(sql, at) ?? sql.length);
    bare +=
      rest === "--" ||
      rest === "/*" ||
      (end - at > 1 && /^([eE]?'|"|\$)/.test(sql.slice(at, at + 2)) && !/^\$\d/.test(rest))
        ? " "
        : sql.slice(at, end);
    at = end;
  }
  return bare;
}

/** Where a quoted thing that begins at `at` ends; one character, or one whole identifier, where nothing is quoted. */
function endOfWord(text: string, at: number): number | undefined {
  const identifier = /^[\p{L}_][\p{L}\p{N}_$]*/u.exec(text.slice(at, at + 256))?.[0];
  if (identifier) {
    const next = at + identifier.length;
    return /^e$/i.test(identifier) && text[next] === "'" ? endOfString(text, next, true) : next;
  }
  if (text[at] === "'") return endOfString(text, at, false);
  if (text[at] === '"') return endOfString(text, at, false);
  if (text[at] === "$") {
    const tag = /^\$([\p{L}_][\p{L}\p{N}_]*)?\$/u.exec(text.slice(at, at + 256))?.[0];
    if (!tag) return at + 1;
    const close = text.indexOf(tag, at + tag.length);
    return close < 0 ? undefined : close + tag.length;
  }
  return at + 1;
}

function endOfString(text: string, at: number, hasBackslashes: boolean): number | undefined {
  const quote = text.charAt(at);
  for (let i = at + 1; i < text.length; i += 1) {
    if (hasBackslashes && text[i] === "\\") i += 1;
    else if (text[i] === quote && text[i + 1] === quote) i += 1;
    else if (text[i] === quote) return i + 1;
  }
  return undefined;
}

/** Block comments nest in PostgreSQL. */
function endOfBlockComment(text: string, at: number): number | undefined {
  let depth = 0;
  for (let i = at; i < text.length - 1; i += 1) {
    const pair = text.slice(i, i + 2);
    if (pair !== "/*" && pair !== "*/") continue;
    depth += pair === "/*" ? 1 : -1;
    i += 1;
    if (depth === 0) return i + 1;
  }
  return undefined;
}

function endOf(text: string, what: string, from: number, otherwise: number): number {
  const found = text.indexOf(what, from);
  return found < 0 ? otherwise : found;
}
