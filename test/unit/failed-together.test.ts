import { describe, expect, test } from "vitest";
import { type BoxResult, failed, groupFailed, passed } from "../../infra/checklist/result";
import { findings } from "../../infra/context/step";
import { troublesOf } from "../../infra/report/verdict";

const at = { source: "verify" };
const login = "/api/auth/login answered 500";
const boxes: BoxResult[] = [
  failed("FUN-1.1", login, at, "look at the backend's journal"),
  passed("WEB-1.1", "loaded", at),
  failed("FUN-2.1", login, at, "look at the backend's journal"),
  failed("PER-1.1", "slower than 5 s", at),
];

describe("boxes that failed for one reason", () => {
  test("are one finding, with its remedy once", () => {
    expect(groupFailed(boxes)).toEqual([
      { ids: ["FUN-1.1", "FUN-2.1"], evidence: login, reason: "look at the backend's journal" },
      { ids: ["PER-1.1"], evidence: "slower than 5 s" },
    ]);
    expect(findings(boxes)).toEqual([
      "FUN-1.1, FUN-2.1: /api/auth/login answered 500. Remedy: look at the backend's journal",
      "PER-1.1: slower than 5 s",
    ]);
  });

  test.each([
    ["in the report's order", boxes],
    ["in the order in which the phase looked", [...boxes].reverse()],
  ])("are one row of the report, which the phase's own words do not repeat, %s", (_, looked) => {
    const message = `v1.2.0 failed 3 of 4 checks:\n${findings(looked)
      .map((row) => `  - ${row}`)
      .join("\n")}`;
    const record = {
      phase: "verify",
      runId: "b",
      follows: "a",
      startedAt: "2026-01-01T00:00:00.000Z",
      finishedAt: "2026-01-01T00:00:01.000Z",
      durationMs: 1000,
      outcome: "failed",
      summary: "",
      boxes,
      details: {},
      error: { code: "checks-failed", message, remedy: "fix v1.2.0" },
    } as const;
    const troubles = troublesOf([{ ...record, boxes: [...boxes] }], boxes);
    expect(troubles.map(({ where, what }) => `${where} | ${what}`)).toEqual([
      "verify | v1.2.0 failed 3 of 4 checks.",
      `FUN-1.1, FUN-2.1 | ${login}`,
      expect.stringMatching(/^PER-1\.1 \| .*slower than 5 s$/),
    ]);
    expect(troubles[0]).toMatchObject({ code: "checks-failed" });
  });
});
