import { describe, expect, test } from "vitest";
import { type KeptSnapshot, newestProven, snapshotsToPrune } from "../../infra/database/backup/retention";

const now = new Date("2026-11-24T12:00:00Z");
const snapshot = (id: string, ageDays: number, isProven = true): KeptSnapshot => {
  const createdAt = new Date(now.getTime() - ageDays * 86_400_000);
  return { id, createdAt, provenAt: isProven ? createdAt : null };
};
const pruned = (snapshots: KeptSnapshot[], keepDays: number, keepSnapshots: number) =>
  snapshotsToPrune(snapshots, { keepDays, keepSnapshots }, now).map(({ id }) => id);

describe("which snapshots may go", () => {
  test.each<[string, KeptSnapshot[], number, number, string[]]>([
    ["none is none", [], 1, 1, []],
    ["the only one stays, however old", [snapshot("a", 900)], 1, 1, []],
    ["old ones beyond the number go", [snapshot("a", 1), snapshot("b", 40), snapshot("c", 50)], 35, 2, ["c"]],
    ["young ones stay, however many", [snapshot("a", 1), snapshot("b", 2), snapshot("c", 3)], 35, 1, []],
    [
      "the newest proven one stays behind newer ones that nobody proved",
      [snapshot("a", 40, false), snapshot("b", 41, false), snapshot("c", 42), snapshot("d", 43)],
      35,
      1,
      ["b", "d"],
    ],
    ["without any proof the newest stay", [snapshot("a", 40, false), snapshot("b", 41, false)], 35, 1, ["b"]],
  ])("%s", (_name, snapshots, keepDays, keepSnapshots, expected) => {
    expect(pruned(snapshots, keepDays, keepSnapshots)).toEqual(expected);
  });

  test("whatever the policy and the history: the newest proven, the newest and the young are never among them", () => {
    let seed = 7;
    const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) % below;
    for (let round = 0; round < 2_000; round++) {
      const history = Array.from({ length: random(8) }, (_, n) => snapshot(`s${n}`, random(120), random(2) === 0));
      const policy = { keepDays: 1 + random(90), keepSnapshots: 1 + random(4) };
      const gone = snapshotsToPrune(history, policy, now);
      const proven = newestProven(history);
      if (proven !== undefined) expect(gone).not.toContain(proven);
      for (const one of gone)
        expect(now.getTime() - one.createdAt.getTime()).toBeGreaterThan(policy.keepDays * 86_400_000);
      expect(history.length - gone.length).toBeGreaterThanOrEqual(Math.min(history.length, policy.keepSnapshots));
    }
  });
});
