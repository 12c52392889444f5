import { describe, expect, test } from "vitest";
import type { Pair } from "../../infra/core/compatibility";
import { describeLoss } from "../../infra/database/backup/loss";
import {
  describePairReport,
  nothingToRehearse,
  type PairReport,
  pairKey,
  pairPath,
  pairReportProblem,
  pairReportSchema,
} from "../../infra/database/pair/report";

const report: PairReport = {
  version: 1,
  stack: "production",
  from: { release: "v1.1.0", schemaVersion: 1 },
  to: { release: "v1.2.0", schemaVersion: 2 },
  migrations: "chain",
  snapshot: "a-snapshot",
  at: "2026-11-24T02:00:00.000Z",
  steps: [
    { from: 1, to: 2, durationMs: 1_240, longestLockMs: 11.4, fingerprint: "two" },
    { from: 2, to: 1, durationMs: 2_000, longestLockMs: 7, fingerprint: "one" },
    { from: 1, to: 2, durationMs: 900, longestLockMs: 3, fingerprint: "two" },
  ],
  problems: [],
};

describe("the report of a pair", () => {
  test.each<[string, PairReport | undefined, string, string | undefined]>([
    ["none", undefined, "chain", "nobody has rehearsed this pair yet"],
    [
      "of other migrations",
      report,
      "another",
      "the migrations have changed since this pair was rehearsed at 2026-11-24T02:00:00.000Z",
    ],
    [
      "that failed",
      { ...report, problems: ["schema 1 came back with another shape"] },
      "chain",
      "its rehearsal at 2026-11-24T02:00:00.000Z failed: schema 1 came back with another shape",
    ],
    ["that holds", report, "chain", undefined],
  ])("%s", (_name, found, migrations, problem) => {
    expect(pairReportProblem(found, migrations)).toBe(problem);
  });

  test("is the same for the way there and the way back, and another one for another release", () => {
    expect(pairKey(report.from, report.to)).toBe("pairs/v1.1.0@1--v1.2.0@2.json");
    expect(pairKey(report.to, report.from)).toBe(pairKey(report.from, report.to));
    expect(pairKey(report.from, { ...report.to, release: "release/1.3" })).toBe("pairs/v1.1.0@1--release%2F1.3@2.json");
  });

  test("goes there, back and there again, wherever it begins", () => {
    expect(pairPath(1, 2)).toEqual([2, 1, 2]);
    expect(pairPath(2, 1)).toEqual([1, 2, 1]);
  });

  test("is read as it was written, and tells its evidence", () => {
    expect(pairReportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
    expect(describePairReport(report)).toBe(
      "rehearsed at 2026-11-24T02:00:00.000Z on a copy of a-snapshot: 1 → 2 in 1.2 s, 2 → 1 in 2.0 s, 1 → 2 in 0.9 s; equal schema fingerprints, no row lost, longest lock 11 ms",
    );
  });
});

describe("a pair is rehearsed where a schema would be taken back", () => {
  const side = (release: string, schemaVersion: number): Pair => ({ release, schemaVersion });
  test.each<[string, Pair | null, Pair, "program" | "application" | "both", RegExp | undefined]>([
    ["up", side("v1.1.0", 1), side("v1.2.0", 2), "program", undefined],
    ["down", side("v1.2.0", 2), side("v1.1.0", 1), "both", undefined],
    ["not by a first deployment", null, side("v1.2.0", 2), "program", /^nothing serves yet/],
    [
      "not by another release alone",
      side("v1.1.0", 2),
      side("v1.2.0", 2),
      "program",
      /^the schema stays at 2: .*release v1\.1\.0/,
    ],
    [
      "not where the application makes it",
      side("v1.1.0", 1),
      side("v1.2.0", 2),
      "application",
      /^the application makes the schema itself and nobody takes it back/,
    ],
  ])("%s", (_name, from, to, migrations, reason) => {
    const said = nothingToRehearse(from, to, migrations);
    if (reason === undefined) expect(said).toBeUndefined();
    else expect(said).toMatch(reason);
  });
});

test.each([
  [
    { seconds: 60, tables: [] },
    "what was written in the last 60 s (no row that tells when it was written); rows that were deleted since come back",
  ],
  [
    {
      seconds: 3720,
      tables: [
        { table: "connections", made: 12, changed: 3 },
        { table: "sessions", made: 2, changed: null },
        { table: "users", made: 0, changed: 0 },
      ],
    },
    "what was written in the last 3720 s (connections: 12 made, 3 changed; sessions: 2 made); rows that were deleted since come back",
  ],
])("what a restore would lose: %j", (loss, said) => {
  expect(describeLoss(loss)).toBe(said);
});
