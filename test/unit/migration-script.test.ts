import { expect, test } from "vitest";
import { parseScript } from "../../infra/database/migrations/script";

const parse = (text: string): ReturnType<typeof parseScript> => parseScript("0003_x.up.sql", text);

test("each form of a statement, as the directives before it say", () => {
  const script = parse(`
-- migrate:creates public.a public.b
-- migrate:baseline
CREATE TABLE a ();
-- migrate:unless EXISTS (SELECT)
-- migrate:gentle
ALTER TABLE a VALIDATE CONSTRAINT c;
-- migrate:transaction
-- migrate:when x
SELECT 1;
SELECT 2;
-- migrate:end
-- migrate:index public.i
CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON a (b);
-- migrate:no-transaction
DROP INDEX CONCURRENTLY i;
-- migrate:check
SELECT 3;
-- migrate:batch
SELECT $1, $2 AS last_key;
`);
  expect(script.creates).toEqual(["public.a", "public.b"]);
  expect(script.isBaseline).toBe(true);
  expect(
    script.units.map(({ kind, isGentle, statements, when, index }) => [kind, isGentle, statements.length, when, index]),
  ).toEqual([
    ["transaction", false, 1, [], undefined],
    ["transaction", true, 1, ["NOT (EXISTS (SELECT))"], undefined],
    ["transaction", false, 2, ["(x)"], undefined],
    ["index", true, 1, [], "public.i"],
    ["outside", true, 1, [], undefined],
    ["check", true, 1, [], undefined],
    ["batch", false, 1, [], undefined],
  ]);
  expect(script.units.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test.each([
  ["an unknown directive", "-- migrate:hurry\nSELECT 1;", /:1: there is no directive migrate:hurry/],
  ["a transaction that isn't ended", "-- migrate:transaction\nSELECT 1;", /without migrate:end/],
  ["an end of nothing", "SELECT 1;\n-- migrate:end", /:2: migrate:end without/],
  ["a directive at the end", "SELECT 1;\n-- migrate:check\n", /a directive without a statement/],
  [
    "a condition inside a transaction",
    "-- migrate:transaction\nSELECT 1;\n-- migrate:when x\nSELECT 2;\n-- migrate:end",
    /:4: conditions belong/,
  ],
  [
    "another form inside a transaction",
    "-- migrate:transaction\nSELECT 1;\n-- migrate:batch\nSELECT 2;",
    /:3: migrate:batch inside/,
  ],
  ["transaction control", "BEGIN;", /transactions are the engine's/],
  ["a commit", "-- a comment\nCOMMIT;", /:2: transactions are the engine's/],
  ["CREATE INDEX CONCURRENTLY by itself", "CREATE UNIQUE INDEX CONCURRENTLY i ON a (b);", /needs migrate:index/],
  ["DROP INDEX CONCURRENTLY by itself", "DROP INDEX CONCURRENTLY i;", /needs migrate:no-transaction/],
  ["an index without a name", "-- migrate:index\nCREATE INDEX CONCURRENTLY i ON a (b);", /takes a name/],
  [
    "a plain index under migrate:index",
    "-- migrate:index public.i\nCREATE INDEX i ON a (b);",
    /is for CREATE INDEX CONCURRENTLY/,
  ],
  ["a batch without its parameters", "-- migrate:batch\nSELECT 1;", /a batch takes \$1/],
])("%s is refused with the file's name and line", (_, text, message) => {
  expect(() => parse(text)).toThrow(message);
  expect(() => parse(text)).toThrow(/^0003_x\.up\.sql/);
});

test("keywords inside strings and bodies are not keywords", () => {
  expect(parse("DO $$ BEGIN COMMIT; END $$;\nSELECT 'CREATE INDEX CONCURRENTLY';").units.length).toBe(2);
});
