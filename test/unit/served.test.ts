import { describe, expect, it } from "vitest";
import { assembleReport } from "../../infra/report/report";
import { describeServed, type Served } from "../../infra/report/served";
import { renderSummary } from "../../infra/report/text";
import { failedRecords, header, signOffs } from "../golden/records";

const at = new Date("2026-11-26T13:00:05.900Z");
const host = { value: { slot: "blue", release: "v1.1.0", backend: "active", since: "2026-11-26T09:00:00Z" } };
const well: Served = {
  at,
  host,
  schema: { value: 1 },
  page: { value: 200 },
  health: { value: 200 },
  account: "check@example.org",
  login: { value: 200 },
};

describe("what is served after a failure", () => {
  it.each<[string, Partial<Served>, string]>([
    [
      "all of it",
      {},
      "v1.1.0 in slot blue, running since 2026-11-26T09:00:00Z; schema 1; asked at 2026-11-26 13:00:05Z.\nUsers get: page 200, health 200, login of check@example.org 200.",
    ],
    [
      "a login that fails while health is well",
      { login: { value: 500 } },
      "health 200, login of check@example.org 500.",
    ],
    [
      "another release than the host names",
      { otherRelease: "the health endpoint reports v1.2.0; expected v1.1.0" },
      "health 200 (the health endpoint reports v1.2.0; expected v1.1.0)",
    ],
    [
      "a backend that is away",
      { host: { value: { ...host.value, backend: "failed", since: "" } }, health: { value: 503 } },
      "v1.1.0 in slot blue should serve, but its backend is failed; schema 1",
    ],
    ["nothing yet", { host: { value: null } }, "No slot serves on the host; schema 1; asked at"],
    [
      "nobody to ask on the host",
      { host: { problem: "no route" } },
      "The host could not be asked which release serves: no route; schema 1; asked at",
    ],
    ["a database that is away", { schema: { problem: "stopped" } }, "the schema could not be asked: stopped; asked at"],
    [
      "nobody at the public address",
      { page: { problem: "refused" } },
      "Users get: page not answered (refused), health 200",
    ],
    ["another deployment at work", { login: undefined }, "health 200, no login tried."],
    ["no account yet", { login: { value: null } }, "no login tried (check@example.org is not in the database)."],
  ])("%s", (_, change, expected) => expect(describeServed({ ...well, ...change })).toContain(expected));

  it("takes the place of what the phases leave, and stands in the summary with the time of asking", () => {
    const answered = describeServed(well);
    const chain = failedRecords();
    const failed = chain.map((record, index) =>
      index === chain.length - 1
        ? {
            ...record,
            outcome: "failed" as const,
            error: { message: "it failed", journal: [] },
            details: { ...record.details, served: answered },
          }
        : record,
    );
    const report = assembleReport(header, failed, signOffs);
    expect(report.serving).toBe(answered);
    expect(renderSummary(report)).toContain(
      "serves   v1.1.0 in slot blue, running since 2026-11-26T09:00:00Z; schema 1; asked at 2026-11-26 13:00:05Z.\n         Users get: page 200",
    );
  });
});
