import { describe, expect, it } from "vitest";
import { subjectOf } from "../../infra/phases/ending/notification";
import { endMessage, startMessage } from "../../infra/report/message";
import { assembleReport } from "../../infra/report/report";
import { renderSummary } from "../../infra/report/text";
import { failedRecords, goodRecords, header, signOffs } from "../golden/records";

const kept = ["s3://bucket/reports/staging/run.html", "reports/staging/run.html"];

describe("what the team is told", () => {
  it("says at the start what is deployed, by whom, and that nobody is cut off", () => {
    const message = startMessage({
      application: "prompt-library",
      stack: "staging",
      to: { release: "v1.2.0", schemaVersion: 2 },
      commit: "8c1f4b0",
      who: "mara@ci",
      publicUrl: "https://prompt-library.example",
    });
    expect(message.event).toBe("started");
    expect(message.subject).toBe("prompt-library staging: v1.2.0 started");
    for (const part of ["v1.2.0 with schema 2", "8c1f4b0", "mara@ci", "https://prompt-library.example"])
      expect(message.text).toContain(part);
  });
  it.each([
    ["succeeded", goodRecords(), "v1.2.0 succeeded"],
    ["failed", failedRecords(), "v1.2.0 failed"],
  ] as const)("carries the summary and the report's address when it has %s", (event, records, subject) => {
    const report = assembleReport(header, records, signOffs);
    const message = endMessage(report, kept);
    expect(message.event).toBe(event);
    expect(message.subject).toContain(subject);
    expect(message.text).toBe(renderSummary(report, kept));
    for (const place of kept) expect(message.text).toContain(place);
  });
});

describe("the summary", () => {
  it("stays within 20 lines with the report's places, whatever failed", () => {
    const report = assembleReport(header, failedRecords(), signOffs);
    const many = {
      ...report,
      failed: Array.from({ length: 40 }, (_, index) => ({ where: `BOX-${index}`, what: "x" })),
      next: Array.from({ length: 40 }, () => "do it"),
    };
    const lines = renderSummary(many, kept).split("\n");
    expect(lines).toHaveLength(20);
    expect(lines.slice(-2)).toEqual([`report   ${kept[0]}`, `         ${kept[1]}`]);
  });
});

describe("a subject", () => {
  it.each([
    ["as it is", "as it is"],
    ["  café\nat night ", "caf at night"],
    ["x".repeat(200), "x".repeat(99)],
  ])("%j becomes what SNS takes", (text, subject) => expect(subjectOf(text)).toBe(subject));
});
