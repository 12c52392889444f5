import { describe, expect, test } from "vitest";
import { parseScript, parseStatements } from "../../infra/database/migrations/script";
import { describeProblem, SqlSource } from "../../infra/database/sql/source";

const read = (text: string | Buffer) => parseScript(new SqlSource("0003_x.up.sql", Buffer.from(text)));
const problemsOf = (text: string | Buffer): string[] => read(text).problems.map(describeProblem);
const unitsOf = (text: string) => {
  expect(problemsOf(text)).toEqual([]);
  return read(text).script.units;
};
const statementsOf = (text: string): string[] => unitsOf(text).flatMap(({ statements }) => statements);

test("each form of a statement: read from its tree, and from the directives before it", () => {
  const text = `
-- migrate:baseline
CREATE TABLE a (b int);
-- migrate:unless EXISTS (SELECT)
ALTER TABLE a VALIDATE CONSTRAINT c;
-- migrate:transaction
-- migrate:when x
SELECT 1;
SELECT 2;
-- migrate:end
CREATE INDEX CONCURRENTLY IF NOT EXISTS "I" ON "S".a (b);
DROP INDEX CONCURRENTLY i;
REINDEX INDEX CONCURRENTLY s.i;
REINDEX (CONCURRENTLY) TABLE a;
ALTER TABLE a DETACH PARTITION s.p CONCURRENTLY;
CALL tidy();
DO $$ BEGIN COMMIT; END $$;
VACUUM a;
-- migrate:check
SELECT 3;
-- migrate:gentle
UPDATE a SET b = 1;
-- migrate:batch
SELECT $1::uuid AS last_key, $2 AS seen, changed FROM a;
`;
  expect(
    unitsOf(text).map(({ kind, isGentle, statements, when, steps }) => [
      kind,
      isGentle,
      statements.length,
      when,
      steps,
    ]),
  ).toEqual([
    ["transaction", false, 1, [], undefined],
    ["transaction", true, 1, ["NOT (EXISTS (SELECT)\n)"], undefined],
    ["transaction", false, 2, ["(x\n)"], undefined],
    [
      "steps",
      true,
      1,
      [],
      { of: "create-index", index: { schema: "S", name: "I" }, table: { schema: "S", name: "a" }, isUnique: false },
    ],
    ["steps", true, 1, [], { of: "drop-index", index: { schema: "public", name: "i" } }],
    ["steps", true, 1, [], { of: "reindex", what: "index", name: { schema: "s", name: "i" } }],
    ["steps", true, 1, [], { of: "reindex", what: "table", name: { schema: "public", name: "a" } }],
    [
      "steps",
      true,
      1,
      [],
      { of: "detach-partition", table: { schema: "public", name: "a" }, partition: { schema: "s", name: "p" } },
    ],
    ["steps", false, 1, [], { of: "procedure" }],
    ["steps", false, 1, [], { of: "procedure" }],
    ["steps", true, 1, [], { of: "vacuum" }],
    ["check", true, 1, [], undefined],
    ["transaction", true, 1, [], undefined],
    ["batch", false, 1, [], undefined],
  ]);
  expect(read(text).script.isBaseline).toBe(true);
  expect(unitsOf(text).map(({ number }) => number)).toEqual(Array.from({ length: 14 }, (_, place) => place + 1));
});

test("a statement goes from its first word to its last, whatever quotes and comments hold", () => {
  const pieces = [
    "SELECT ';' -- no; end\n, E'\\';'",
    "DO $x$ BEGIN PERFORM 1; END $x$",
    "SELECT 1 /* ; /* */ */ + 1",
    "SELECT \"a;\"\"b\", 'it''s; -- migrate:check'",
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END",
    "SELECT U&'\\0041', $é$;$é$, 'ü;\u0001\t'",
  ];
  for (const first of pieces)
    for (const second of pieces)
      expect(statementsOf(`-- ünd it's\n${first};\n/* é */ ${second} /* after */;;\n`)).toEqual([first, second]);
});

describe("what a version makes and drops", () => {
  test.each<[string, string[], string[]]>([
    ['CREATE TABLE IF NOT EXISTS a (); CREATE TABLE "S"."A b" ();', ["public.a", "S.A b"], []],
    [
      "CREATE TABLE A AS SELECT 1; SELECT 1 INTO b; CREATE MATERIALIZED VIEW c AS SELECT 1;",
      ["public.a", "public.b", "public.c"],
      [],
    ],
    ["CREATE SEQUENCE s; CREATE VIEW v AS SELECT 1; CREATE INDEX i ON t (x);", ["public.s"], []],
    ["DO $$ BEGIN CREATE TABLE a (); DROP TABLE IF EXISTS b; END $$;", ["public.a"], ["public.b"]],
    ["CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE TABLE a (); END $$;", [], []],
    ["DROP TABLE IF EXISTS a, s.b CASCADE; DROP INDEX i; DROP SEQUENCE c;", [], ["public.a", "s.b", "public.c"]],
  ])("%s", (text, creates, drops) => {
    const { script, problems } = read(text);
    expect(problems).toEqual([]);
    const names = (list: { schema: string; name: string }[]) => list.map(({ schema, name }) => `${schema}.${name}`);
    expect([names(script.creates), names(script.drops)]).toEqual([creates, drops]);
  });
});

test.each([
  ["an unknown directive", "-- migrate:hurry\nSELECT 1;", /:1:1: there is no directive migrate:hurry/],
  [
    "a name that the SQL has",
    "-- migrate:index public.i\nCREATE INDEX CONCURRENTLY i ON a (b);",
    /:1:1: there is no directive migrate:index/,
  ],
  [
    "a table that the SQL has",
    "-- migrate:creates a\nCREATE TABLE a ();",
    /:1:1: there is no directive migrate:creates/,
  ],
  ["something after a directive", "-- migrate:check now\nSELECT 1;", /:1:1: migrate:check takes nothing/],
  ["a transaction that isn't ended", "-- migrate:transaction\nSELECT 1;", /:1:1: .*without migrate:end/],
  ["an end of nothing", "SELECT 1;\n-- migrate:end", /:2:1: migrate:end without/],
  ["a directive at the end", "SELECT 1;\n-- migrate:check\n", /:2:1: a directive without a statement/],
  ["a directive inside a statement", "SELECT 1\n-- migrate:check\n, 2;", /:2:1: a directive stands inside a statement/],
  [
    "a condition inside a transaction",
    "-- migrate:transaction\nSELECT 1;\n-- migrate:when x\nSELECT 2;\n-- migrate:end",
    /:4:1: conditions belong/,
  ],
  [
    "another form inside a transaction",
    "-- migrate:transaction\nSELECT 1;\n-- migrate:batch\nSELECT 2;\n-- migrate:end",
    /:3:1: migrate:batch inside/,
  ],
  [
    "a condition that is none",
    "-- migrate:when x = = 1\nSELECT 1;",
    /:1:21: migrate:when needs a condition in SQL: syntax error at or near "="/,
  ],
  ["a condition and more", "-- migrate:when true); DROP TABLE a; SELECT (1\nSELECT 1;", /:1:17: .*not one expression/],
  [
    "a condition that writes",
    "-- migrate:when EXISTS (WITH a AS (DELETE FROM b RETURNING 1) SELECT FROM a)\nSELECT 1;",
    /a condition only reads/,
  ],
  ["a baseline of nothing", "-- migrate:baseline\nSELECT 1;", /:1:1: migrate:baseline in a file without CREATE TABLE/],
  ["transaction control", "BEGIN;", /transactions are the engine's/],
  ["a commit", "-- a comment\nCOMMIT;", /:2:1: transactions are the engine's/],
  ["a setting", "SET datestyle = 'ISO';", /SET datestyle would end with its own statement: use SET LOCAL/],
  ["a local setting by itself", "SET LOCAL datestyle = 'ISO';", /ends with its transaction/],
  [
    "the lock budget",
    "-- migrate:transaction\nSET LOCAL lock_timeout = 0;\nSELECT 1;\n-- migrate:end",
    /:2:1: lock_timeout is the engine's/,
  ],
  [
    "the lock budget in a body",
    "DO $$ BEGIN SET LOCAL statement_timeout = 0; END $$;",
    /in its body: statement_timeout is the engine's/,
  ],
  ["a role", "SET ROLE somebody;", /role is the engine's/],
  [
    "a search_path as pg_dump sets it",
    "SELECT pg_catalog.set_config('search_path', '', false);",
    /:1:8: search_path is the engine's/,
  ],
  ["row level security", "SELECT set_config('row_security', 'on', true);", /row_security is the engine's/],
  ["another session setting by function", "SELECT set_config('a.b', 'c', false);", /set_config with false/],
  ["all settings", "RESET ALL;", /SET all settings would end/],
  ["a prepared statement", "PREPARE p AS SELECT 1;", /PREPARE acts on a session/],
  ["a temporary table by itself", "CREATE TEMP TABLE t (a int);", /:1:19: a temporary table ends with its session/],
  ["another database", "CREATE DATABASE a;", /acts on the server/],
  ["COPY", "COPY a FROM STDIN;", /COPY has no client/],
  [
    "an index of several steps in a transaction",
    "-- migrate:transaction\nSELECT 1;\nCREATE INDEX CONCURRENTLY i ON a (b);\n-- migrate:end",
    /:3:1: CREATE INDEX CONCURRENTLY commits in several steps/,
  ],
  [
    "a body that commits in a transaction",
    "-- migrate:transaction\nSELECT 1;\nDO $$ BEGIN COMMIT; END $$;\n-- migrate:end",
    /a body with COMMIT, commits in several steps/,
  ],
  ["an index without a name", "CREATE INDEX CONCURRENTLY ON a (b);", /needs a name/],
  ["two indexes at once", "DROP INDEX CONCURRENTLY a, b;", /one index at a time/],
  ["a whole schema", "REINDEX SCHEMA CONCURRENTLY public;", /name each table or index/],
  ["a check that writes", "-- migrate:check\nINSERT INTO a VALUES (1);", /only SELECT and DO/],
  ["a check whose body writes", "-- migrate:check\nDO $$ BEGIN DELETE FROM a; END $$;", /in its body: this writes/],
  [
    "a batch without its parameters",
    "-- migrate:batch\nSELECT '$1 $2' AS last_key;",
    /no \$1, no \$2, no seen, no changed: a batch takes/,
  ],
  [
    "a batch with a third parameter",
    "-- migrate:batch\nSELECT $1 AS last_key, $2 AS seen, $3 AS changed;",
    /:2:36: a batch has no parameter \$3/,
  ],
  ["a parameter outside a batch", "SELECT $1;", /:1:8: there is no parameter \$1/],
  [
    "patience for a lock that holds others up",
    "-- migrate:gentle\nALTER TABLE a ADD COLUMN b int;",
    /migrate:gentle before a statement whose lock/,
  ],
  ["a body that cannot be parsed", "DO $$ BEGIN SELEC 1; END $$;", /in its body: syntax error at or near "SELEC"/],
  [
    "a function that cannot be parsed",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELEC 1 $$;",
    /in its body: syntax error at or near "SELEC"/,
  ],
])("%s is refused with the file's name, line and column", (_, text, message) => {
  const problems = problemsOf(text);
  expect(problems.join("\n")).toMatch(message);
  for (const problem of problems) expect(problem).toMatch(/^0003_x\.up\.sql:\d+:\d+: /);
});

test("what is not in the statement itself is not refused: strings, other bodies, parameters of functions", () => {
  unitsOf("DO $$ BEGIN PERFORM 'CREATE INDEX CONCURRENTLY'; END $$;\nSELECT 'BEGIN';");
  unitsOf("CREATE FUNCTION f(int) RETURNS int LANGUAGE sql SET search_path = '' BEGIN ATOMIC SELECT $1; END;");
  unitsOf(
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE r users%ROWTYPE; BEGIN r.x := 1; NEW.a := 2; RETURN NEW; END $$;",
  );
  unitsOf(
    "-- migrate:transaction\nCREATE TEMP TABLE t (a int);\nSET LOCAL work_mem = '64MB';\nINSERT INTO t SELECT 1;\nCALL p();\n-- migrate:end",
  );
  unitsOf("-- migrate:gentle\nCREATE TABLE a AS SELECT 1;\n-- migrate:gentle\nALTER TABLE a ADD COLUMN b int;");
});

test("every problem of a file shows at once, each with its line and a caret", () => {
  const text =
    "SELECT 'é', frm x y z;\nCOMMIT;\n-- migrate:hurry\nCREATE TABLE a (\n\tb itn NUL\n);\nSELECT 'ok';\nDROP INDEX CONCURRENTLY a, b;\n";
  expect(problemsOf(text)).toEqual([
    "0003_x.up.sql:1:19: syntax error at or near \"y\"\n    SELECT 'é', frm x y z;\n                      ^",
    '0003_x.up.sql:5:8: syntax error at or near "NUL"\n     b itn NUL\n           ^',
    "0003_x.up.sql:2:1: transactions are the engine's: use migrate:transaction and migrate:end\n    COMMIT;\n    ^",
    expect.stringMatching(/^0003_x.up.sql:3:1: there is no directive migrate:hurry/),
    expect.stringMatching(/^0003_x.up.sql:8:1: DROP INDEX CONCURRENTLY takes one index at a time/),
  ]);
});

test.each([
  ["a string", "SELECT 1;\nSELECT 'a;", /:2:8: unterminated quoted string/],
  ["a dollar quote", "DO $a$ x $$;", /:1:4: unterminated dollar-quoted string/],
  ["a block comment", "/* a /* b */ SELECT 1;", /:1:1: unterminated \/\* comment/],
  ["a quoted name", 'SELECT "a;', /:1:8: unterminated quoted identifier/],
])("%s that is not closed is refused", (_, text, message) => {
  expect(problemsOf(text).join()).toMatch(message);
});

test.each([
  ["Latin-1", Buffer.from("SELECT 1;\nSELECT 'caf\xe9';", "latin1"), /:2:12: byte 0xe9 is not UTF-8/],
  ["a character that is cut off", Buffer.from([0x53, 0xe2, 0x82]), /:1:2: byte 0xe2 is not UTF-8/],
  ["a surrogate", Buffer.from([0x27, 0xed, 0xa0, 0x80, 0x27]), /:1:2: byte 0xed is not UTF-8/],
  ["a byte order mark", Buffer.from("\uFEFFSELECT 1;"), /:1:1: a byte order mark/],
  ["a zero byte", Buffer.from("SELECT 'a\0b';"), /:1:10: a zero byte/],
])("%s is refused: files are UTF-8", (_, bytes, message) => {
  expect(problemsOf(bytes).join()).toMatch(message);
});

test("a verify script is its statements, and only reads", () => {
  const verify = (text: string) => parseStatements(new SqlSource("verify/0003_x.sql", Buffer.from(text)), "reading");
  expect(verify("SELECT 1;\nDO $$ BEGIN END $$ -- no semicolon").statements).toEqual([
    "SELECT 1",
    "DO $$ BEGIN END $$",
  ]);
  expect(verify("DELETE FROM a;").problems.map(describeProblem).join()).toMatch(
    /verify\/0003_x.sql:1:1: only SELECT and DO/,
  );
});
