import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { engineOf, haveEnded, haveThisEngine, theseProcesses } from "../../infra/core/process";
import { describeLease, type Held, heartbeatSeconds, leaseSeconds, standingOf } from "../../infra/lock/lease";

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
    ["of a process of this machine that has ended", held(5, { deployment: "run-2", processes: "ended" }), "lapsed"],
    ["of one that lives", held(5, { deployment: "run-2", processes: "alive" }), "held"],
    [
      "of the program that the same engine runs",
      held(5, { deployment: "run-2", processes: "alive, this engine" }),
      "ours",
    ],
    ["of one that has ended, if another machine says so", held(5, { who: "bob@laptop", processes: "ended" }), "held"],
  ])("%s", (_, found, standing) => {
    const known = {
      haveEnded: (processes: string) => processes === "ended",
      haveThisEngine: (processes: string) => processes.endsWith("this engine"),
    };
    expect(standingOf(found, owner, known)).toBe(standing);
  });
  test("is known to be over only where its process was one of this machine and is gone", async () => {
    const mine = theseProcesses() ?? "";
    expect(haveEnded(mine)).toBe(false);
    const { stdout: other } = await execa("node", [
      "--import",
      "tsx",
      "-e",
      'import("./infra/core/process.ts").then(({ theseProcesses }) => console.log(theseProcesses()))',
    ]);
    const both = [...(JSON.parse(mine) as object[]), ...(JSON.parse(other) as object[])];
    expect(haveEnded(other)).toBe(true);
    expect(haveEnded(JSON.stringify(both))).toBe(false);
    expect(haveEnded(JSON.stringify([{ ...(JSON.parse(other) as object[])[0], boot: "another" }]))).toBe(false);
    expect(haveEnded(JSON.stringify([{ ...(JSON.parse(mine) as object[])[0], startTicks: "1" }]))).toBe(true);
    expect(haveEnded("not a process")).toBe(false);
  });
  test("belongs to one engine's program and phases, and to nobody where no engine is above them", () => {
    const mine = theseProcesses() ?? "";
    expect(engineOf(mine)).toBeUndefined();
    expect(haveThisEngine(mine)).toBe(false);
    expect(engineOf(JSON.stringify([{ pid: 1 }, { pid: 2 }]))).toBe(engineOf(JSON.stringify([{ pid: 3 }, { pid: 2 }])));
    expect(engineOf("not a process")).toBeUndefined();
  });
  test("survives two renewals that fail", () => {
    expect(3 * heartbeatSeconds).toBeLessThan(leaseSeconds);
  });
  test("says whose it is", () => {
    expect(describeLease(held(12.4))).toBe(
      "ada@desk, since 2026-11-24T22:00:00.000Z, in phase stage, last heartbeat 12 s ago",
    );
  });
});
