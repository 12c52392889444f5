import { describe, expect, test } from "vitest";
import { backoffMs, isWorthRetrying } from "../../infra/database/migrations/backoff";
import { nextBatchSize, nextPauseMs, smallerBatchSize } from "../../infra/database/migrations/batch-size";
import { describeBlockers } from "../../infra/database/migrations/blockers";
import { transactionText } from "../../infra/database/migrations/budget";
import { type JournalRow, schemaStateOf, stepsTo } from "../../infra/database/migrations/journal-state";
import { asideVacuum } from "../../infra/database/migrations/vacuum";

const row = (version: number, direction: JournalRow["direction"], status: JournalRow["status"]): JournalRow => ({
  id: `${version}-${direction}-${status}`,
  version,
  name: `000${version}_x`,
  direction,
  status,
  chain: "c",
  isAdopted: false,
});
const up = (version: number, status: JournalRow["status"] = "completed"): JournalRow => row(version, "up", status);
const down = (version: number, status: JournalRow["status"] = "reverted"): JournalRow => row(version, "down", status);

describe("what the journal says", () => {
  test.each<[string, JournalRow[], number, number | undefined]>([
    ["an empty one", [], 0, undefined],
    ["two versions", [up(1), up(2)], 2, undefined],
    ["one going up", [up(1), up(2, "running")], 1, 2],
    ["one that failed", [up(1), up(2, "failed")], 1, 2],
    ["one that failed and was undone", [up(1), up(2, "failed"), down(2)], 1, undefined],
    ["one that went back", [up(1), up(2, "reverted"), down(2)], 1, undefined],
    ["one going back", [up(1), up(2), down(2, "running")], 1, 2],
    ["one whose way back failed and was undone", [up(1), up(2), down(2, "failed"), up(2)], 2, undefined],
    ["one that came again", [up(1), up(2, "reverted"), down(2), up(2)], 2, undefined],
  ])("%s", (_, rows, version, pending) => {
    const state = schemaStateOf(rows);
    expect([state.version, state.pending?.version]).toEqual([version, pending]);
  });

  test("a version above a missing one is a contradiction", () => {
    expect(() => schemaStateOf([up(2)])).toThrow(/contradicts itself: version 1 is not there, but 2 is completed/);
  });
});

describe("the way to a target", () => {
  const way = (rows: JournalRow[], target: number): string[] =>
    stepsTo(schemaStateOf(rows), target, 3).map(
      (step) => `${step.direction} ${step.version}${step.isContinued ? " continued" : ""}`,
    );
  test.each<[string, JournalRow[], number, string[]]>([
    ["nothing to do", [up(1), up(2)], 2, []],
    ["all the way up", [], 3, ["up 1", "up 2", "up 3"]],
    ["all the way down", [up(1), up(2)], 0, ["down 2", "down 1"]],
    ["a half done one is finished", [up(1), up(2, "failed")], 3, ["up 2 continued", "up 3"]],
    ["a half done one is taken back", [up(1), up(2, "running")], 1, ["down 2 continued"]],
    ["a half done one is taken back first", [up(1), up(2, "running")], 0, ["down 2 continued", "down 1"]],
    ["a way back is finished", [up(1), up(2), down(2, "failed")], 1, ["down 2 continued"]],
    ["a way back is taken back", [up(1), up(2), down(2, "failed")], 2, ["up 2 continued"]],
  ])("%s", (_, rows, target, expected) => {
    expect(way(rows, target)).toEqual(expected);
  });

  test("there is none to a version that no file has, nor from one", () => {
    expect(() => way([], 4)).toThrow("There is no schema version 4: this checkout has 1 to 3. Nothing was changed.");
    expect(() => stepsTo(schemaStateOf([up(1), up(2), up(3), up(4)]), 3, 3)).toThrow(
      /The database has schema version 4, this checkout only 1 to 3/,
    );
  });
});

test("pauses between attempts double up to a limit, spread by half to either side", () => {
  expect([1, 2, 3, 4, 5, 50].map((attempt) => backoffMs(attempt, 0.5))).toEqual([250, 500, 1000, 2000, 2000, 2000]);
  for (let attempt = 1; attempt < 8; attempt += 1) {
    expect(backoffMs(attempt, 0)).toBe(backoffMs(attempt, 0.5) / 2);
    expect(backoffMs(attempt, 0.999)).toBeLessThan(backoffMs(attempt, 0.5) * 1.5 + 1);
  }
});

test("only what did nothing and may succeed later is tried again", () => {
  expect(["55P03", "40P01", "40001"].every(isWorthRetrying)).toBe(true);
  expect(["57014", "23514", "42P07", undefined].some(isWorthRetrying)).toBe(false);
});

test("batches shrink while they take long, grow while they don't, and stay within their limits", () => {
  expect(nextBatchSize(1000, 12, 5000)).toBe(1000);
  expect(nextBatchSize(1000, 24, 5000)).toBe(500);
  expect(nextBatchSize(1000, 400, 5000)).toBe(500);
  expect(nextBatchSize(1000, 1, 5000)).toBe(2000);
  expect(nextBatchSize(4000, 1, 5000)).toBe(5000);
  expect(nextBatchSize(30, 1000, 5000)).toBe(25);
  expect(nextBatchSize(10, 1000, 10)).toBe(10);
  expect([smallerBatchSize(1000, 5000), smallerBatchSize(30, 5000), smallerBatchSize(10, 10)]).toEqual([250, 25, 10]);
});

test("batches pause while others wait or a replica lags, longer and longer, and go on when it is over", () => {
  const calm = { waitingSessions: 0, replicaLagMs: 0 };
  expect(nextPauseMs(800, calm)).toBe(0);
  expect(nextPauseMs(0, { ...calm, waitingSessions: 1 })).toBe(50);
  expect(nextPauseMs(50, { ...calm, replicaLagMs: 9_000 })).toBe(100);
  expect(nextPauseMs(1_900, { ...calm, waitingSessions: 3 })).toBe(2_000);
});

test("whoever is in the way is described by session, user, application, state and age", () => {
  const report = { kind: "client backend", pid: 7, user: "app", application: "report", ageMs: 15_200, state: "active" };
  const hidden = { ...report, pid: 8, application: "", ageMs: undefined, state: undefined };
  expect(describeBlockers([report, hidden])).toBe(
    "session 7 (report as app), active for 15.2 s; session 8 (app), state hidden from this role (it lacks pg_monitor)",
  );
  const vacuum = { ...report, kind: "autovacuum worker", user: "nobody", application: "autovacuum: VACUUM public.a" };
  expect(describeBlockers([vacuum])).toBe("session 7 (autovacuum: VACUUM public.a) for 15.2 s");
  const prepared = { ...report, kind: "prepared transaction", pid: 0, application: "two-phase-7" };
  expect(describeBlockers([prepared])).toBe(
    "the prepared transaction two-phase-7 of app for 15.2 s, which ROLLBACK PREPARED or COMMIT PREPARED ends",
  );
  expect(describeBlockers([{ ...report, kind: "walsender" }])).toBe("session 7 (walsender) for 15.2 s");
  expect(describeBlockers([])).toBe("a session that was gone before it could be named");
});

test("a transaction is one text whose settings end with it", () => {
  expect(
    transactionText(
      ["SELECT 1", "SELECT 2"],
      { lockTimeoutMs: 200, statementTimeoutMs: 10_000 },
      { provider_becomes: '{"a": "it\'s"}' },
    ),
  ).toBe(
    `BEGIN;
SET LOCAL lock_timeout = 200;
SET LOCAL statement_timeout = 10000;
SET LOCAL "migrate"."provider_becomes" = '{"a": "it''s"}';
SELECT 1;
SELECT 2;
COMMIT`,
  );
});

test("before a strong lock on a table that is being vacuumed comes one that only the vacuum gives way to", () => {
  const limits = { lockTimeoutMs: 200, statementTimeoutMs: 10_000 };
  expect(asideVacuum(['public."Connections"'], limits, 30_000)).toEqual([
    "SET LOCAL lock_timeout = 30000",
    "SET LOCAL statement_timeout = 31000",
    'LOCK TABLE ONLY public."Connections" IN SHARE UPDATE EXCLUSIVE MODE',
    "SET LOCAL lock_timeout = 200",
    "SET LOCAL statement_timeout = 10000",
    "SELECT set_config('migrate.began', clock_timestamp()::text, true)",
  ]);
  expect(asideVacuum([], limits, 30_000)).toEqual([]);
});
