import { hasSqlDetails, loadModule, type Node, parsePlPgSQLSync, parseSync, scanSync } from "libpg-query";
import type { Problem, SqlSource } from "./source";

// PostgreSQL's own grammar, compiled to WebAssembly: what it takes for a statement, a server takes for one.
await loadModule();

/** Positions are bytes of the source. A statement goes from its first token to its last, without the semicolon. */
export type ParsedStatement = { node: Node; start: number; end: number };

export type ParsedSql = {
  statements: ParsedStatement[];
  comments: { start: number; text: string }[];
  problems: Problem[];
};

type Token = { start: number; end: number; text: string; tokenName: string };

/** Reads a file's statements and comments. Where a statement is wrong, the others are read all the same, so that all problems show at once. */
export function parseSql(source: SqlSource): ParsedSql {
  const encoding = source.encodingProblem();
  if (encoding) return { statements: [], comments: [], problems: [encoding] };
  const whole = parseText(source.text);
  const tokens = scan(source.text);
  if ("message" in whole && tokens === undefined)
    return { statements: [], comments: [], problems: [source.problem(whole.at, whole.message)] };
  const words = (tokens ?? []).filter((token) => !isComment(token));
  const comments = (tokens ?? []).filter(isComment).map(({ start, text }) => ({ start, text }));
  if (!("message" in whole)) {
    const statements = whole.statements.map(({ node, start, end }) => within(words, node, start, end ?? source.length));
    return { statements, comments, problems: [] };
  }
  return { ...parseEach(source, words), comments };
}

/** The nodes of some SQL; none where it cannot be parsed. */
export function nodesOf(sql: string): Node[] {
  const parsed = parseText(sql);
  return "message" in parsed ? [] : parsed.statements.map(({ node }) => node);
}

/** What PostgreSQL says of some SQL that it cannot parse, and where, in bytes. */
export function syntaxError(sql: string): { message: string; at: number } | undefined {
  const parsed = parseText(sql);
  return "message" in parsed ? parsed : undefined;
}

/** The tree of the PL/pgSQL in a DO or CREATE FUNCTION, or what is wrong with it. */
export function parseBody(statement: string): { tree: unknown } | { message: string } {
  try {
    return { tree: parsePlPgSQLSync(statement) };
  } catch (error) {
    return { message: error instanceof Error ? error.message : String(error) };
  }
}

type ParsedScript = { statements: { node: Node; start: number; end: number | undefined }[] };

function parseText(sql: string): ParsedScript | { message: string; at: number } {
  if (sql.trim() === "") return { statements: [] };
  try {
    const { stmts = [] } = parseSync(sql);
    return {
      statements: stmts.flatMap(({ stmt, stmt_location: start = 0, stmt_len: length }) =>
        stmt === undefined ? [] : [{ node: stmt, start, end: length === undefined ? undefined : start + length }],
      ),
    };
  } catch (error) {
    if (!hasSqlDetails(error)) throw error;
    // The parser counts characters here, and bytes everywhere else.
    const before = [...sql].slice(0, error.sqlDetails?.cursorPosition ?? 0).join("");
    return { message: error.message, at: Buffer.byteLength(before) };
  }
}

/** undefined where something is not closed. Control characters, which can only stand in quotes and comments, break the scanner's answer. */
function scan(sql: string): Token[] | undefined {
  try {
    return scanSync(sql.replace(/[^\P{Cc}\n\r\t]/gu, (character) => " ".repeat(Buffer.byteLength(character)))).tokens;
  } catch {
    return undefined;
  }
}

function isComment({ tokenName }: Token): boolean {
  return tokenName === "SQL_COMMENT" || tokenName === "C_COMMENT";
}

function within(words: Token[], node: Node, start: number, end: number): ParsedStatement {
  const own = words.filter((word) => word.start >= start && word.end <= end && word.tokenName !== "ASCII_59");
  return { node, start: own[0]?.start ?? start, end: own.at(-1)?.end ?? end };
}

/** Statement by statement, as far as semicolons tell; the body of a function in standard SQL holds some of its own. */
function parseEach(source: SqlSource, words: Token[]): Pick<ParsedSql, "statements" | "problems"> {
  const statements: ParsedStatement[] = [];
  const problems: Problem[] = [];
  const ends = [...words.filter(({ tokenName }) => tokenName === "ASCII_59").map(({ start }) => start), source.length];
  let start = 0;
  for (let place = 0; place < ends.length; place += 1) {
    let end = ends[place] ?? source.length;
    let parsed = parseText(source.slice(start, end + 1));
    if ("message" in parsed && /\bBEGIN\s+ATOMIC\b/i.test(source.slice(start, end))) {
      const close = ends.findIndex(
        (later, at) => at > place && !("message" in parseText(source.slice(start, later + 1))),
      );
      if (close > 0) {
        place = close;
        end = ends[close] ?? source.length;
        parsed = parseText(source.slice(start, end + 1));
      }
    }
    if ("message" in parsed) problems.push(source.problem(start + parsed.at, parsed.message));
    else for (const { node } of parsed.statements) statements.push(within(words, node, start, end));
    start = end + 1;
  }
  return { statements, problems };
}
