import { describe, expect, test } from "vitest";
import { describeLease, heartbeatSeconds, type Held, leaseSeconds, standingOf } from "../../infra/lock/lease";

const owner = { who: "ada@desk", deployment: "run-1" };
const held = (ageSeconds: number, change: Partial<Held["lease"]> = {}): Held => ({
  ageSeconds,
  lease: { ...owner, since: "2026-11-24T22:00:00.000Z", phase: "stage", beat: 3, isFree: false, ...change },
});

describe("a lock", () => {
  test.each<[string, Held | undefined, string]>([
    ["that never was", undefined, "free"],
    ["that was freed", held(5, { isFree: true }), "free"],
    ["of the same deployment", held(5), "ours"],
    ["of the same deployment, long silent", held(3600), "ours"],
    ["of the same person's other deployment", held(5, { deployment: "run-2" }), "held"],
    ["of the same deployment's copy on another machine", held(5, { who: "bob@laptop" }), "held"],
    ["renewed in time", held(leaseSeconds, { who: "bob@laptop" }), "held"],
    ["not renewed in time", held(leaseSeconds + 1, { who: "bob@laptop" }), "lapsed"],
  ])("%s", (_, found, standing) => {
    expect(standingOf(found, owner)).toBe(standing);
  });
  test("survives two renewals that fail", () => {
    expect(3 * heartbeatSeconds).toBeLessThan(leaseSeconds);
  });
  test("says whose it is", () => {
    expect(describeLease(held(12.4))).toBe("ada@desk, since 2026-11-24T22:00:00.000Z, in phase stage, last heard of 12 s ago");
  });
});
