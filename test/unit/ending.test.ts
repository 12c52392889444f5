import { expect, it } from "vitest";
import { writeResult } from "../../infra/core/phase-result";
import { describeEnding } from "../../infra/stack/ending";

const result = (runId: string) =>
  writeResult({
    phase: "evidence",
    seconds: 1,
    summary: "v1.1.0 serves",
    runId,
    deployment: runId,
    report: "s3://b/reports/s/r.html",
  });
const began = new Date("2026-11-26T13:00:00.500Z");

it("an up in which a phase ran says what that phase said", async () => {
  const { summary } = await describeEnding("s", result("20261126T130000501Z-aaaaaa"), began);
  expect(summary).toBe("v1.1.0 serves\nreport   s3://b/reports/s/r.html");
});

it("an up in which no phase ran claims nothing, and names the command that asks", async () => {
  const { summary, report } = await describeEnding("s", result("20261125T091500000Z-aaaaaa"), began);
  expect(summary).toContain("no phase ran, so this run looked at neither host nor database");
  expect(summary).toContain("The last deployment ended at 2026-11-25 09:15Z.");
  expect(summary).toContain("npm run status -- s");
  expect(summary).not.toMatch(/GOOD|serves\./);
  expect(report).toBe("s3://b/reports/s/r.html");
});
