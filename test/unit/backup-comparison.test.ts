import { describe, expect, test } from "vitest";
import {
  type ContentDigest,
  compareContent,
  comparisonProblems,
  describeComparison,
} from "../../infra/database/backup/comparison";
import { digestQuery, rangeDigits } from "../../infra/database/backup/content";

const range = (rows: number, checksum = `c${rows}`) => ({ rows, checksum });
const before: ContentDigest = { users: { "00": range(3), "0a": range(1), ff: range(2) } };

describe("a restored copy is held against what was the same before and after", () => {
  test.each<[string, ContentDigest, ContentDigest, string[]]>([
    ["equal", before, before, []],
    [
      "a row missing",
      before,
      { users: { ...before.users, "00": range(2) } },
      ["users: keys 00… hold 2 rows instead of 3"],
    ],
    [
      "a row changed",
      before,
      { users: { ...before.users, "00": range(3, "other") } },
      ["users: keys 00… hold 3 rows with another content"],
    ],
    [
      "a range missing",
      before,
      { users: { "00": range(3), "0a": range(1) } },
      ["users: keys ff… hold no row instead of 2"],
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
    ["a row that came and went", before, { users: { ...before.users, "77": range(1) } }, []],
    [
      "a row that is new in a quiet range",
      before,
      { users: { ...before.users, "0a": range(2) } },
      ["users: keys 0a… hold 2 rows instead of 1"],
    ],
    [
      "a quiet range broken while another was written to",
      { users: { ...before.users, "00": range(4) } },
      { users: { ...before.users, ff: range(1) } },
      ["users: keys ff… hold 1 rows instead of 2"],
    ],
    [
      "every range written to",
      { users: { "00": range(4), "0a": range(2), ff: range(3) } },
      before,
      [
        "all 3 key ranges were written to while the snapshot was made, so that nothing could be compared; a quieter hour helps",
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
      "users: 3 rows in 2 key ranges equal, 1 written to meanwhile",
    );
  });
});

test.each([
  [-1, 2],
  [0, 2],
  [99_999, 2],
  [100_000, 3],
  [1_999_999, 3],
  [2_000_000, 4],
  [50_000_000, 4],
])("%i rows: ranges of %i digits", (rows, digits) => {
  expect(rangeDigits(rows)).toBe(digits);
});

test("the query of one table, whole", () => {
  expect(digestQuery("users", true, 3)).toBe(`SELECT left(t.id::text, 3) AS range, count(*)::int AS rows,
  sum(hashtextextended(t::text, 0))::text || '/' || bit_xor(hashtextextended(t::text, 1))::text AS checksum
FROM public.users AS t GROUP BY 1`);
  expect(digestQuery("users", false, 2)).toContain("left(md5(t.id::text), 2)");
});
