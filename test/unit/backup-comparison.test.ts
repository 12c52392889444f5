import { describe, expect, test } from "vitest";
import {
  type ContentDigest,
  compareContent,
  comparisonProblems,
  describeComparison,
} from "../../infra/database/backup/comparison";
import { digestQuery } from "../../infra/database/backup/content";
import { blocksPerRange } from "../../infra/database/backup/layout";
import { sequenceProblems } from "../../infra/database/backup/sequences";

const range = (rows: number, checksum = `c${rows}`) => ({ rows, checksum });
const before: ContentDigest = { users: { "00": range(3), "0a": range(1), ff: range(2) } };

describe("a restored copy is held against what was the same before and after", () => {
  test.each<[string, ContentDigest, ContentDigest, string[]]>([
    ["equal", before, before, []],
    [
      "a row missing",
      before,
      { users: { ...before.users, "00": range(2) } },
      ["users: the range at 00 holds 2 rows instead of 3"],
    ],
    [
      "a row changed",
      before,
      { users: { ...before.users, "00": range(3, "other") } },
      ["users: the range at 00 holds 3 rows with other content"],
    ],
    [
      "a range missing",
      before,
      { users: { "00": range(3), "0a": range(1) } },
      ["users: the range at ff holds no row instead of 2"],
    ],
    ["the table missing", before, {}, ["users: the table is missing"]],
    [
      "a range that was written to meanwhile, as it was before",
      { users: { ...before.users, "00": range(4) } },
      before,
      [],
    ],
    [
      "a range that was written to meanwhile, in between",
      { users: { ...before.users, "00": range(9) } },
      { users: { ...before.users, "00": range(6) } },
      [],
    ],
    [
      "a row where older ones never were",
      before,
      { users: { ...before.users, "77": range(1) } },
      ["users: the range at 77 holds 1 rows instead of none"],
    ],
    [
      "a row that is new in a quiet range",
      before,
      { users: { ...before.users, "0a": range(2) } },
      ["users: the range at 0a holds 2 rows instead of 1"],
    ],
    [
      "a quiet range broken while another was written to",
      { users: { ...before.users, "00": range(4) } },
      { users: { ...before.users, ff: range(1) } },
      ["users: the range at ff holds 1 rows instead of 2"],
    ],
    [
      "every range written to",
      { users: { "00": range(4), "0a": range(2), ff: range(3) } },
      before,
      [
        "all 3 ranges were written to while the snapshot was made, so that nothing could be compared; deploy in a quieter hour",
      ],
    ],
  ])("%s", (_name, after, copy, problems) => {
    expect(comparisonProblems(compareContent(before, after, copy))).toEqual(problems);
  });

  test("whatever one range of a quiet table loses is found, whichever it is", () => {
    const large: ContentDigest = {
      connections: Object.fromEntries(
        Array.from({ length: 256 }, (_, n) => [n.toString(16).padStart(2, "0"), range(n + 1)]),
      ),
    };
    for (const key of Object.keys(large.connections ?? {})) {
      const { [key]: _lost, ...rest } = large.connections ?? {};
      expect(comparisonProblems(compareContent(large, large, { connections: rest }))).toHaveLength(1);
    }
  });

  test("an empty table is no difference, and many differences are named in short", () => {
    expect(comparisonProblems(compareContent({ providers: {} }, { providers: {} }, { providers: {} }))).toEqual([]);
    const many = { users: Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`0${n}`, range(1)])) };
    expect(comparisonProblems(compareContent(many, many, { users: {} }))[0]).toMatch(/; and 6 ranges more$/);
  });

  test("evidence says what was equal and what was written to", () => {
    expect(describeComparison(compareContent(before, { users: { ...before.users, "00": range(4) } }, before))).toBe(
      "users: 3 rows in 2 ranges equal, 1 changed meanwhile",
    );
  });
});

test.each([
  [0, 0],
  [64, 0],
  [65, 1],
  [16_384, 1],
  [16_385, 2],
  [2_621_440, 160],
])("%i blocks: ranges of %i", (blocks, width) => {
  expect(blocksPerRange(blocks)).toBe(width);
});

test("a table without a row proves nothing, and the evidence says so", () => {
  const digest = { ratings: {}, users: before.users ?? {} };
  expect(describeComparison(compareContent(digest, digest, digest))).toBe(
    "users: 6 rows in 3 ranges equal; no row to compare in ratings",
  );
});

test("the query of one table, whole", () => {
  const table = { name: "public.users", columns: ["one.id", "one.rights::text"], blocksPerRange: 4 };
  expect(digestQuery(table, "4294967300")).toBe(`SELECT first_block::text AS range, found.rows, found.checksum
FROM pg_catalog.generate_series($1::bigint, $2::bigint - 1, 4) AS first_block,
LATERAL (SELECT count(*)::text AS rows, coalesce(sum(h), 0)::text || '/' || coalesce(bit_xor(h), 0)::text AS checksum FROM (SELECT one.ctid AS place, pg_catalog.hash_record_extended(ROW(pg_catalog.record_send(ROW(one.id, one.rights::text))), 0) AS h
FROM ONLY public.users AS one WHERE one.ctid >= pg_catalog.format('(%s,0)', first_block)::tid AND one.ctid < pg_catalog.format('(%s,0)', first_block + 4)::tid AND (one.xmin::text::bigint - 4 + 4294967296) % 4294967296 >= 67108864) AS hashed) AS found
WHERE found.rows <> '0'`);
});

describe("sequences", () => {
  const at = (last: string | null, behind: string[] = [], isAscending = true) => [
    { name: "public.n", last, isAscending, behind },
  ];
  test.each([
    ["where they were", at("5"), at("5"), []],
    ["ahead, as after a recovery", at("5"), at("37"), []],
    ["back", at("5"), at("4"), ["sequence public.n stands at 4; it stood at 5 before the snapshot"]],
    ["never used before", at(null), at(null), []],
    ["at its start", at("5"), at(null), ["sequence public.n stands at its start; it stood at 5 before the snapshot"]],
    ["descending", at("-5", [], false), at("-4", [], false), [expect.stringContaining("stands at -4")]],
    ["gone", at("5"), [], ["sequence public.n is missing"]],
    ["behind a column", at("5"), at("5", ["public.t.id holds 9"]), [expect.stringContaining("public.t.id holds 9")]],
    ["behind one as before", at("5", ["public.t.id holds 9"]), at("5", ["public.t.id holds 9"]), []],
  ])("%s", (_what, before, copy, problems) => {
    expect(sequenceProblems(before, copy)).toEqual(problems);
  });
});
