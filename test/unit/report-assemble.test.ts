import { describe, expect, it } from "vitest";
import { type BoxId, boxIds } from "../../infra/checklist/boxes";
import { owners } from "../../infra/checklist/owners";
import { providerBoxes } from "../../infra/checklist/provable";
import { failed, passed } from "../../infra/checklist/result";
import { type Phase, phases } from "../../infra/core/phases";
import { computedFrom } from "../../infra/report/computed";
import { deploymentHeaderSchema } from "../../infra/report/header";
import { type PhaseRecord, phaseRecordSchema } from "../../infra/report/record";
import { assembleReport } from "../../infra/report/report";
import { type Report, reportSchema } from "../../infra/report/shape";
import { failedRecords, goodRecords, header, signOffs } from "../golden/records";

const resultOf = (report: Report, id: BoxId) => report.boxes.find((box) => box.id === id);
const wordOf = (report: Report, id: BoxId) => resultOf(report, id)?.result;

/** The good run, stopped at one phase; what that phase found before it stopped is `found`. */
function stoppedAt(phase: Phase, found: PhaseRecord["boxes"] = []): PhaseRecord[] {
  return goodRecords()
    .slice(0, phases.indexOf(phase) + 1)
    .map((record) =>
      record.phase === phase
        ? { ...record, boxes: found, outcome: "failed", error: { message: `${phase} broke`, remedy: "mend it" } }
        : record,
    );
}

/** The good run with one box's result replaced where it is recorded. */
function withBox(
  id: BoxId,
  change: (box: PhaseRecord["boxes"][number]) => PhaseRecord["boxes"][number],
): PhaseRecord[] {
  return goodRecords().map((record) => ({
    ...record,
    boxes: record.boxes.map((box) => (box.id === id ? change(box) : box)),
  }));
}

describe("a good run", () => {
  const report = assembleReport(header, goodRecords(), signOffs);

  it("holds every box once, in the checklist's order", () => expect(report.boxes.map((box) => box.id)).toEqual(boxIds));
  it("counts every box", () =>
    expect(Object.values(report.counts).reduce((sum, number) => sum + number, 0)).toBe(boxIds.length));
  it("keeps to the shapes that are checked when it is read again", () => {
    expect(reportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
    for (const record of goodRecords()) expect(phaseRecordSchema.parse(record)).toEqual(record);
    expect(deploymentHeaderSchema.parse(header)).toEqual(header);
  });
  it("is good, and says what serves and what is open", () => {
    expect(report.state).toBe("good");
    expect(report.failed).toEqual([]);
    expect(report.serving).toBe("v1.2.0 serves, on schema 2.");
    expect(report.next).toEqual(["Have POST-2.3 signed off: add box, by and on to signOffs in the stack's config."]);
    expect(report.remarks).toEqual([]);
  });
  it("takes the snapshot from the phase that made it", () =>
    expect(report.header.snapshot?.id).toBe("prompt-library-staging-before-2-x7k2"));
});

describe.each(phases)("a run that stopped at %s", (phase) => {
  const report = assembleReport(header, stoppedAt(phase), signOffs);
  const reached = phases.slice(0, phases.indexOf(phase));

  it("holds every box, and each that was proved before it stopped", () => {
    expect(report.boxes.map((box) => box.id)).toEqual(boxIds);
    for (const id of boxIds)
      if (reached.some((before) => before === owners[id]))
        expect(["passed", "not needed"], id).toContain(wordOf(report, id));
  });
  it("passes nothing that the phases after it would have proved", () => {
    for (const id of boxIds)
      if ((phases.slice(phases.indexOf(phase)) as string[]).includes(owners[id]))
        expect(resultOf(report, id), id).toMatchObject({ result: "not yet", reason: `the run stopped at ${phase}` });
  });
  it("says first of all what failed, what serves and what to do", () => {
    expect(report.state).toBe("failed");
    expect(report.failed[0]).toEqual({ where: phase, what: `${phase} broke`, remedy: "mend it" });
    expect(report.headline).toBe(`v1.2.0 with schema 2 stopped at ${phase}.`);
    expect(report.next[0]).toBe("Mend it");
    expect(
      report.next.some((line) =>
        line.includes("pulumi config set release v1.1.0 && pulumi config set schemaVersion 1 && pulumi up"),
      ),
    ).toBe(true);
    expect(report.next.at(-1)).toContain("+46 8 555 0199");
    expect(report.serving).toMatch(
      phases.indexOf(phase) > phases.indexOf("activate") ? /^v1\.2\.0 serves/ : /^v1\.1\.0 serves/,
    );
  });
  it("says which schema is there", () => {
    expect(report.serving).toContain(phases.indexOf(phase) > phases.indexOf("schemaUp") ? "schema 2" : "schema 1");
  });
  it("marks what was not reached in the timeline", () => {
    for (const { phase: each, outcome } of report.timeline)
      if (phases.indexOf(each) > phases.indexOf(phase)) expect(outcome).toBe("not reached");
  });
});

describe("which records belong together", () => {
  it("leaves out what an earlier run left behind", () => {
    const records = goodRecords();
    const again = {
      ...records[0]!,
      runId: "run-preflight-2",
      startedAt: "2026-11-24T08:00:00.000Z",
      finishedAt: "2026-11-24T08:00:06.000Z",
    };
    const report = assembleReport(header, [...records, again], signOffs);
    expect(report.state).toBe("unfinished");
    expect(report.timeline.filter(({ outcome }) => outcome !== "not reached").map(({ phase }) => phase)).toEqual([
      "preflight",
    ]);
    expect(resultOf(report, "APP-2.1")).toMatchObject({ result: "not yet", reason: "stage has not run" });
    expect(report.next[0]).toBe("Run pulumi up again: it goes on at backup.");
  });
  it("takes a phase that ran twice as it ran last, whatever the order of the files", () => {
    const records = goodRecords();
    const stage = records.find(({ phase }) => phase === "stage")!;
    const earlier: PhaseRecord = {
      ...stage,
      runId: "run-stage-0",
      startedAt: "2026-11-23T22:00:00.000Z",
      outcome: "failed",
      error: { message: "no room" },
    };
    for (const order of [[earlier, ...records], [...records, earlier], [...records, earlier].reverse()])
      expect(assembleReport(header, order, signOffs).state).toBe("good");
  });
  it("takes nothing that claims to follow a failed phase", () => {
    const records = goodRecords().map(
      (record): PhaseRecord =>
        record.phase === "stage" ? { ...record, outcome: "failed", error: { message: "no" } } : record,
    );
    expect(assembleReport(header, records, signOffs).timeline.find(({ phase }) => phase === "verify")?.outcome).toBe(
      "not reached",
    );
  });
  it("ends with the record that its writer names, whatever the clocks of others said", () => {
    const records = goodRecords();
    const [preflight] = records;
    const ahead: PhaseRecord = {
      ...preflight!,
      runId: "run-of-another-machine",
      startedAt: "2026-11-25T00:00:00.000Z",
    };
    expect(assembleReport(header, [ahead, ...records], signOffs, records.at(-1)).state).toBe("good");
  });
  it("tells of a failure also where every record before it is lost", () => {
    const end = stoppedAt("stage").at(-1)!;
    const report = assembleReport(header, [end], signOffs, end);
    expect(report.state).toBe("failed");
    expect(report.headline).toBe("v1.2.0 with schema 2 stopped at stage.");
    expect(report.remarks).toEqual([
      "What ran before stage left records that were not found; their boxes are not shown.",
    ]);
    expect(wordOf(report, "PRE-1.1")).toBe("not yet");
  });
  it("is not good where records are lost, though nothing failed", () => {
    const records = goodRecords().filter(({ phase }) => phase !== "stage");
    expect(assembleReport(header, records, signOffs).state).toBe("unfinished");
  });
  it("does not go round in circles", () => {
    const [preflight] = goodRecords();
    const records: PhaseRecord[] = [preflight!, { ...preflight!, follows: preflight!.runId }];
    expect(assembleReport(header, records, []).timeline[0]?.outcome).toBe("completed");
  });
  it("writes a report of nothing at all", () => {
    const report = assembleReport({ ...header, from: null }, [], []);
    expect(report.state).toBe("unfinished");
    expect(report.serving).toBe("Nothing serves yet; this was the first deployment.");
    expect(report.boxes).toHaveLength(boxIds.length);
    expect(report.counts.passed).toBe(3);
  });
  it("says of a box that failed once what it is, and leaves a command as it is typed", () => {
    const [preflight] = goodRecords();
    const error = {
      message: "2 findings:\n  - PRE-4.1: Node.js is 16. Remedy: another release\n  - ENCRYPTION_KEY would change",
      remedy: "pulumi config set release v1.2.1",
      journal: [],
    };
    const stopped: PhaseRecord = {
      ...preflight!,
      outcome: "failed",
      summary: "2 findings",
      boxes: [failed("PRE-4.1", "Node.js is 16", { source: "preflight" }, "another release")],
      error,
    };
    const report = assembleReport(header, [stopped], []);
    expect(report.failed.map(({ where, what }) => `${where}: ${what}`)).toEqual([
      "preflight: 2 findings:\n  - ENCRYPTION_KEY would change",
      "PRE-4.1: Node.js 18 or higher: Node.js is 16",
    ]);
    expect(report.next.slice(0, 2)).toEqual(["pulumi config set release v1.2.1", "Another release"]);
  });
  it("says that resources had changed before a preflight that stopped, as nothing else would", () => {
    const [preflight] = goodRecords();
    const stopped: PhaseRecord = {
      ...preflight!,
      outcome: "failed",
      summary: "1 finding",
      boxes: [],
      details: { changesResources: true },
      error: { message: "1 finding", remedy: "mend it", journal: [] },
    };
    const { serving } = assembleReport(header, [stopped], []);
    expect(serving).toMatch(
      /serves, on schema \d: preflight has changed nothing, but this pulumi up had created or changed/,
    );
    expect(serving).not.toContain("nothing has changed");
  });
  it("does not call a run the first that stopped before it could ask what serves", () => {
    const { from: _, ...unasked } = header;
    const [preflight] = goodRecords();
    const stopped: PhaseRecord = {
      ...preflight!,
      outcome: "failed",
      summary: "the lock is held",
      boxes: [],
      details: {},
      error: { message: "the lock is held", remedy: "wait", journal: [] },
    };
    const report = assembleReport(unasked, [stopped], []);
    expect(report.serving).toBe(
      "Whatever served before: nothing has changed. Which release that is could not be asked; npm run diagnose says.",
    );
    expect(report.next).toEqual([
      "Wait",
      "Then run pulumi up again: what already holds is left alone.",
      "If users are affected, call On-call engineer, +46 8 555 0199.",
    ]);
    expect(reportSchema.safeParse(report).success).toBe(true);
  });
});

describe("who may say what", () => {
  it("does not let a phase pass another's box", () => {
    const records = goodRecords().map((record) =>
      record.phase === "stage"
        ? { ...record, boxes: [...record.boxes, passed("WEB-1.3", "200", { source: "stage" })] }
        : record,
    );
    const report = assembleReport(header, records, signOffs);
    expect(resultOf(report, "WEB-1.3")?.source).toBe("activate");
    expect(report.remarks).toEqual(["stage spoke of WEB-1.3, which activate proves; left out."]);
  });
  it("lets activation speak for verification whose work it did, and only as that", () => {
    const verified = goodRecords().find(({ phase }) => phase === "verify")!.boxes;
    const saidBy = (source: string) =>
      goodRecords().map((record): PhaseRecord => {
        if (record.phase === "verify") return { ...record, boxes: [], outcome: "nothing to do" };
        return record.phase === "activate"
          ? { ...record, boxes: [...record.boxes, ...verified.map((box) => ({ ...box, source }))] }
          : record;
      });
    const report = assembleReport(header, saidBy("verify"), signOffs);
    expect(report.remarks).toEqual([]);
    for (const { id, result } of verified) expect(resultOf(report, id), id).toMatchObject({ result, source: "verify" });
    expect(wordOf(assembleReport(header, saidBy("activate"), signOffs), "APP-3.1")).toBe("not yet");
  });
  it("lets any phase fail any phase's box, and nothing take it back", () => {
    for (const phase of ["backup", "activate"] satisfies Phase[]) {
      const records = goodRecords().map((record) =>
        record.phase === phase
          ? { ...record, boxes: [...record.boxes, failed("APP-3.1", "3 errors", { source: phase })] }
          : record,
      );
      const report = assembleReport(header, records, signOffs);
      expect(resultOf(report, "APP-3.1")).toMatchObject({ result: "failed", source: phase });
      expect(report.state).toBe("failed");
      expect(report.headline).toBe("v1.2.0 with schema 2 ran to its end, but 1 box failed.");
    }
  });
  it("notices a phase that ended without a word on its own box", () => {
    const records = goodRecords().map((record) => ({
      ...record,
      boxes: record.boxes.filter((box) => box.id !== "WEB-1.2"),
    }));
    expect(resultOf(assembleReport(header, records, signOffs), "WEB-1.2")).toMatchObject({
      result: "not yet",
      reason: "configure ended without a word on it",
    });
  });
  it("takes no computed box and no person's word from a phase", () => {
    const records = goodRecords().map((record) =>
      record.phase === "verify"
        ? {
            ...record,
            boxes: [
              ...record.boxes,
              passed("SUC-1", "x", { source: "verify" }),
              passed("POST-2.3", "x", { source: "verify" }),
            ],
          }
        : record,
    );
    const report = assembleReport(header, records, []);
    expect(wordOf(report, "POST-2.3")).toBe("open");
    expect(report.remarks).toHaveLength(2);
  });
  it("takes a person's word only for what is a person's", () => {
    const report = assembleReport(header, failedRecords(), [
      { box: "POST-2.3", by: "Mara", on: "2026-11-23" },
      { box: "SEC-1.2", by: "Mara", on: "2026-11-23" },
      { box: "SEC-9", by: "Mara", on: "2026-11-23" },
    ]);
    expect(resultOf(report, "POST-2.3")).toMatchObject({
      result: "passed",
      evidence: "signed off by Mara on 2026-11-23",
    });
    expect(wordOf(report, "SEC-1.2")).toBe("failed");
    expect(report.remarks).toEqual([
      "Mara signed off SEC-1.2, which is not a person's to sign off; left out.",
      "signOffs names SEC-9, which is no box of the checklist.",
    ]);
  });
});

describe("a sign-off", () => {
  it("for a day that lies ahead leaves its box open", () => {
    const report = assembleReport(header, goodRecords(), [{ box: "POST-2.3", by: "Mara", on: "2099-01-01" }]);
    expect(resultOf(report, "POST-2.3")).toMatchObject({
      result: "open",
      reason: expect.stringContaining("Mara signed it off for 2099-01-01, which is still ahead"),
    });
  });
});

describe("computed boxes", () => {
  it("fail with each of their parts, and with no other", () => {
    const parts = [...new Set(Object.values(computedFrom).flat())];
    for (const part of parts) {
      const report = assembleReport(
        header,
        withBox(part, (box) => ({ ...box, result: "failed", evidence: "broken" })),
        signOffs,
      );
      const broken = report.boxes.filter((box) => box.result === "failed").map((box) => box.id);
      const expected = Object.entries(computedFrom).flatMap(([id, from]) =>
        (from as readonly BoxId[]).includes(part) ? [id] : [],
      );
      expect([...broken].sort(), part).toEqual([part, ...expected].sort());
      expect(report.failed.map(({ where }) => where)).toEqual([part]);
    }
  });
  it("are not passed while a part is not", () => {
    const report = assembleReport(
      header,
      withBox("PER-2.2", (box) => ({ ...box, result: "not yet", evidence: "" })),
      signOffs,
    );
    expect(resultOf(report, "SUC-7")).toMatchObject({ result: "not yet", reason: "PER-2.2 not proved yet" });
  });
  it("are not needed where none of their parts is", () => {
    const older = {
      ...header,
      from: { release: "v1.2.0", schemaVersion: 2 },
      to: { release: "v1.1.0", schemaVersion: 1 },
    };
    const records = goodRecords().map((record) => ({
      ...record,
      boxes: record.boxes.filter((box) => !providerBoxes.includes(box.id)),
    }));
    const report = assembleReport(older, records, signOffs);
    for (const id of providerBoxes) expect(wordOf(report, id), id).toBe("not needed");
    expect(wordOf(report, "SUC-3")).toBe("not needed");
    expect(wordOf(report, "SUC-2")).toBe("passed");
    expect(report.state).toBe("good");
    expect(report.serving).toBe("v1.1.0 serves, on schema 1.");
  });
});

describe("contacts", () => {
  it.each(["", "[Name]", "TODO", "-"])("fail while one of them is %j", (name) => {
    const report = assembleReport(
      { ...header, contacts: { ...header.contacts, lead: { name, phone: "1" } } },
      goodRecords(),
      signOffs,
    );
    expect(resultOf(report, "CON-1")).toMatchObject({
      result: "failed",
      evidence: "cannot be reached: contacts.team.lead",
    });
    expect(wordOf(report, "CON-2")).toBe("passed");
  });
  it("fail without a way to reach somebody", () => {
    const report = assembleReport({ ...header, escalation: { onCall: { name: "Kim" } } }, goodRecords(), signOffs);
    expect(wordOf(report, "CON-2")).toBe("failed");
  });
  it("fail where nobody is named", () =>
    expect(wordOf(assembleReport({ ...header, dependencies: {} }, goodRecords(), signOffs), "CON-3")).toBe("failed"));
});

describe("details", () => {
  it("that have the wrong shape are remarked on, and the report comes out all the same", () => {
    const records = goodRecords().map((record) => ({
      ...record,
      details: { locks: "many", screenshots: [{ page: "/", dataUri: "https://elsewhere/x.png" }] },
    }));
    const report = assembleReport(header, records, signOffs);
    expect(report.locks).toEqual([]);
    expect(report.screenshots).toEqual([]);
    expect(report.remarks).toHaveLength(2 * phases.length);
  });
  it("say what serves where a phase knows better", () => {
    const records = goodRecords().map((record) =>
      record.phase === "backfill" ? { ...record, details: { serving: "v1.2.0 serves, at half speed." } } : record,
    );
    expect(assembleReport(header, records, signOffs).serving).toBe("v1.2.0 serves, at half speed.");
  });
  it("refuse a failed record that says nothing", () => {
    expect(phaseRecordSchema.safeParse({ ...goodRecords()[0], outcome: "failed" }).success).toBe(false);
  });
});
