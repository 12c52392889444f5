import { afterEach, describe, expect, test, vi } from "vitest";
import { quietProgress } from "../../infra/core/heartbeat";
import { type PhaseResult, readResult, writeResult } from "../../infra/core/phase-result";

describe("a phase's result", () => {
  const result: PhaseResult = {
    phase: "stage",
    seconds: 3.2,
    summary: "v1.2.0 runs [in slot green]",
    runId: "20261126T010203004Z-abc123",
    deployment: "20261126T010200000Z-000000",
  };

  test.each([result, { ...result, phase: "evidence", report: "s3://bucket/reports/staging/a.html" } as const])(
    "is one line that the next phase reads: %o",
    (each) => {
      const line = writeResult(each);
      expect(line).not.toContain("\n");
      expect(readResult(line)).toEqual(each);
    },
  );

  test("stays one line where its summary is more", () => {
    expect(readResult(writeResult({ ...result, summary: "a\n  b" })).summary).toBe("a b");
  });

  test.each(["", "{}", '{"runId":"a","phase":"stage"}', "stage 1.0 s: x", "lunch 1.0 s: x [run a of b]"])(
    "of another version is refused: %j",
    (text) => {
      expect(() => readResult(text)).toThrow("another version of this program");
    },
  );
});

describe("what a phase waits for", () => {
  afterEach(() => vi.useRealTimers());

  test("is said every half a minute, and since when; a quick phase says nothing", () => {
    vi.useFakeTimers({ now: Date.parse("2026-11-26T01:00:00Z") });
    const said: string[] = [];
    const quiet = quietProgress((row) => said.push(row));
    quiet.progress("making the snapshot");
    vi.advanceTimersByTime(20_000);
    quiet.progress("restoring the copy");
    vi.advanceTimersByTime(5_000);
    expect(said).toEqual([]);
    vi.advanceTimersByTime(60_000);
    expect(said).toEqual([
      "still restoring the copy (for 10 s, since 01:00:20 UTC)",
      "still restoring the copy (for 40 s, since 01:00:20 UTC)",
    ]);
    quiet.end();
    vi.advanceTimersByTime(60_000);
    expect(said).toHaveLength(2);
    expect(quiet.course).toEqual(["0 s  making the snapshot", "20 s  restoring the copy"]);
  });
});
