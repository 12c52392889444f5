import { expect, test } from "vitest";
import { teamNotified } from "../../infra/phases/ending/audience";

const lead = "lead@example.test";
const admin = "admin@example.test";

test("the team is told where each address has confirmed", () => {
  const told = teamNotified("m-1", { confirmed: [lead, admin, "arn:aws:sqs:::other"], unconfirmed: [] }, [lead, admin]);
  expect(told).toEqual({
    result: "passed",
    evidence: expect.stringContaining("message m-1 to 3 confirmed subscribers"),
  });
});

test("who never confirmed is named, and the box stays open", () => {
  const told = teamNotified("m-1", { confirmed: [lead], unconfirmed: [admin] }, [lead, admin]);
  expect(told.result).toBe("open");
  expect(told.evidence).toContain("to 1 confirmed subscribers");
  expect(told.reason).toContain(`never confirmed, so not told: ${admin}`);
  expect(told.reason).not.toContain(lead);
});

test("whom Amazon has forgotten is named, with what brings another mail", () => {
  const told = teamNotified("m-1", { confirmed: [lead], unconfirmed: [] }, [lead, admin]);
  expect(told.result).toBe("open");
  expect(told.reason).toContain(`no longer subscribed, so not told: ${admin}`);
  expect(told.reason).toContain("pulumi refresh --run-program --skip-preview");
});

test("a topic that nobody is subscribed to tells nobody", () => {
  expect(teamNotified("m-1", { confirmed: [], unconfirmed: [] }, []).result).toBe("failed");
});
