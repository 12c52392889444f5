import { describe, expect, test } from "vitest";
import {
  type DrillReport,
  describeDrill,
  drillProblems,
  drillReportSchema,
  newestScheduled,
} from "../../infra/database/backup/drill";

const at = (day: number) => new Date(Date.UTC(2026, 0, day));
const table = { table: "public.users", equal: 5, since: 1, incomparable: "", problems: [] };

test("the newest that a schedule took is chosen, not a deployment's own", () => {
  const found = [
    { id: "rds:old", kind: "automated", takenAt: at(1) },
    { id: "awsbackup:job-1", kind: "awsbackup", takenAt: at(3) },
    { id: "before-2", kind: "manual", takenAt: at(9) },
  ];
  expect(newestScheduled(found)?.id).toBe("awsbackup:job-1");
  expect(newestScheduled(found.slice(2))).toBeUndefined();
});

describe("a backup is proved unless", () => {
  test.each([
    ["nothing is wrong", [table], [], []],
    [
      "a row is missing",
      [{ ...table, problems: ["the row at (0,1) is missing in the copy"] }],
      [],
      [/public.users: .*/],
    ],
    ["a page is bad", [table], ["public.users: block 7"], [/^integrity: public.users: block 7$/]],
    [
      "nothing could be compared",
      [{ ...table, equal: 0, incomparable: "made later" }],
      [],
      [/no row could be compared/],
    ],
    ["it is empty, as the database is", [{ ...table, equal: 0, since: 0 }], [], []],
  ])("%s", (_what, tables, integrity, problems) => {
    expect(drillProblems(tables, integrity)).toEqual(problems.map((problem) => expect.stringMatching(problem)));
  });
});

test("the report says how long a recovery takes and what would be lost", () => {
  const report: DrillReport = drillReportSchema.parse({
    version: 1,
    stack: "staging",
    at: at(5).toISOString(),
    snapshot: "awsbackup:job-1",
    kind: "awsbackup",
    takenAt: at(4).toISOString(),
    recoverySeconds: 411.2,
    lostSeconds: 86_400,
    tables: [
      table,
      { ...table, table: "public.later", equal: 0, since: 0, incomparable: "it was made after the backup" },
    ],
    integrity: "9 indexes and 4 tables read",
    problems: [],
  });
  expect(describeDrill(report)).toBe(`awsbackup:job-1 (awsbackup, taken 2026-01-04T00:00:00.000Z) restores and is proved
recovery time  411 s until the restored database answered
recovery point 1440 min of writes would be lost if the database were lost now
content        5 rows equal in 2 tables; 1 changed or deleted since
not compared   public.later: it was made after the backup
integrity      9 indexes and 4 tables read`);
});
