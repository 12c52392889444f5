import { expect, test } from "vitest";
import { copyIdentifier } from "../../infra/database/backup/copies";
import { gateTimeProblem, minutesLeft } from "../../infra/database/backup/gate-time";

const window = (fromUtc: string, toUtc: string) => ({ days: ["Tue" as const], fromUtc, toUtc });
const at = (time: string) => new Date(`2026-11-24T${time}:00Z`);

test.each([
  ["02:00", "05:00", "02:00", 180],
  ["02:00", "05:00", "04:45", 15],
  ["22:00", "02:00", "23:00", 180],
  ["22:00", "02:00", "01:30", 30],
  ["22:00", "00:00", "22:00", 120],
])("a window from %s to %s has at %s another %i min", (from, to, now, left) => {
  expect(minutesLeft(window(from, to), at(now))).toBe(left);
});

test("nothing closes where any time will do, or somebody overrides it", () => {
  expect(minutesLeft("any", at("03:00"))).toBeNull();
  expect(
    minutesLeft(
      { ...window("02:00", "05:00"), override: { by: "a", reason: "b", until: at("13:00").toISOString() } },
      at("12:00"),
    ),
  ).toBeNull();
  // One that has ended counts no more.
  expect(
    minutesLeft(
      { ...window("02:00", "05:00"), override: { by: "a", reason: "b", until: at("11:00").toISOString() } },
      at("12:00"),
    ),
  ).not.toBeNull();
});

test("a gate that took longer than what is left does not begin", () => {
  expect(gateTimeProblem(window("02:00", "05:00"), at("04:30"), 2_400)).toBe(
    "proving a backup took 40 min the last time, and the maintenance window closes in 30 min",
  );
  expect(gateTimeProblem(window("02:00", "05:00"), at("04:30"), 1_700)).toBeUndefined();
  expect(gateTimeProblem(window("02:00", "05:00"), at("04:30"), undefined)).toBeUndefined();
});

test("a copy's name fits RDS, whatever the stack's", () => {
  expect(copyIdentifier("prompt-library-production", "a1b2c3")).toBe("prompt-library-production-copy-a1b2c3");
  const long = copyIdentifier(`${"x".repeat(51)}-${"y".repeat(11)}`, "a1b2c3");
  expect(long.length).toBeLessThanOrEqual(63);
  expect(long).toMatch(/^[a-z][a-z0-9-]*[a-z0-9]$/);
  expect(long).not.toContain("--");
});
