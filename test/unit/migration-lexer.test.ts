import { describe, expect, test } from "vitest";
import { tokenize } from "../../infra/database/migrations/lexer";

const statements = (text: string): string[] =>
  tokenize(text).flatMap((token) => (token.kind === "statement" ? [token.sql] : []));

describe("statements end at the semicolons that end statements", () => {
  test.each<[string, string, string[]]>([
    ["two statements", "SELECT 1; SELECT 2", ["SELECT 1", "SELECT 2"]],
    ["empty ones", ";;SELECT 1;;", ["SELECT 1"]],
    ["nothing", " \n\t", []],
    ["a string", "SELECT 'a;b'; SELECT 2;", ["SELECT 'a;b'", "SELECT 2"]],
    ["a doubled quote", "SELECT 'it''s;'; SELECT 2;", ["SELECT 'it''s;'", "SELECT 2"]],
    ["a backslash in a plain string", "SELECT '\\'; SELECT 2;", ["SELECT '\\'", "SELECT 2"]],
    ["a backslash in an E string", "SELECT E'\\';'; SELECT 2;", ["SELECT E'\\';'", "SELECT 2"]],
    ["a name that ends in e before a string", "SELECT date'a\\'; SELECT 2;", ["SELECT date'a\\'", "SELECT 2"]],
    ["a quoted name", 'SELECT ";"; SELECT 2;', ['SELECT ";"', "SELECT 2"]],
    ["a dollar quote", "DO $$ BEGIN; END $$; SELECT 2;", ["DO $$ BEGIN; END $$", "SELECT 2"]],
    [
      "a tagged dollar quote with another inside",
      "DO $a$ $b$;$b$ $$;$$ $a$; SELECT 2;",
      ["DO $a$ $b$;$b$ $$;$$ $a$", "SELECT 2"],
    ],
    ["a tag that is longer than it looks", "DO $a$ $ab$ ; $a$; SELECT 2;", ["DO $a$ $ab$ ; $a$", "SELECT 2"]],
    ["parameters", "SELECT $1; SELECT $2;", ["SELECT $1", "SELECT $2"]],
    ["a dollar inside a name", "SELECT a$b; SELECT c$b;", ["SELECT a$b", "SELECT c$b"]],
    ["a line comment", "SELECT 1 -- no; end\n; SELECT 2;", ["SELECT 1 -- no; end", "SELECT 2"]],
    ["a quote in a line comment", "-- it's\nSELECT 1; SELECT 2;", ["SELECT 1", "SELECT 2"]],
    ["a block comment", "SELECT /* ; */ 1; SELECT 2;", ["SELECT /* ; */ 1", "SELECT 2"]],
    ["nested block comments", "/* a /* ; */ ; */ SELECT 1; SELECT 2;", ["SELECT 1", "SELECT 2"]],
    ["a comment's beginning in a string", "SELECT '/*'; SELECT '*/';", ["SELECT '/*'", "SELECT '*/'"]],
    ["letters beyond ASCII", "SELECT $é$;$é$; SELECT 'ü;';", ["SELECT $é$;$é$", "SELECT 'ü;'"]],
  ])("%s", (_, text, expected) => {
    expect(statements(text)).toEqual(expected);
  });
});

test.each([
  ["a string", "SELECT 'a;"],
  ["a dollar quote", "DO $a$ x $$;"],
  ["a block comment", "/* a /* b */ SELECT 1;"],
  ["a quoted name", 'SELECT "a;'],
])("%s that is not closed is refused", (_, text) => {
  expect(() => tokenize(text)).toThrow(/line 1: .*is not closed/);
});

test("joining what was split gives the same statements again", () => {
  const pieces = ["SELECT ';'", "DO $x$;$x$", "SELECT 1 /* ; /* */ */", 'SELECT "a;""b"', "SELECT E'\\\\;'"];
  for (const first of pieces)
    for (const second of pieces) expect(statements(`${first};\n${second};`)).toEqual([first, second]);
});

test("directives are found between statements, with their lines, and nowhere else", () => {
  expect(tokenize("-- migrate:batch\n-- migrate:when x = 1\nSELECT '\n-- migrate:check\n';\n-- migrate:end")).toEqual([
    { kind: "directive", name: "batch", argument: "", line: 1 },
    { kind: "directive", name: "when", argument: "x = 1", line: 2 },
    { kind: "statement", sql: "SELECT '\n-- migrate:check\n'", line: 3 },
    { kind: "directive", name: "end", argument: "", line: 6 },
  ]);
  expect(() => tokenize("SELECT 1\n-- migrate:check\nSELECT 2;")).toThrow(
    "line 2: a directive stands inside a statement",
  );
});

test("a function body whose semicolons only a parser could place is refused", () => {
  expect(() => tokenize("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END;")).toThrow(/BEGIN ATOMIC/);
});
