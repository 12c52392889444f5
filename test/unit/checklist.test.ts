import { describe, expect, it } from "vitest";
import { type BoxId, boxes, boxIds, isBoxId } from "../../infra/checklist/boxes";
import { type BoxOwner, boxesOf, compareWithOwned, owners } from "../../infra/checklist/owners";
import { notNeededAtSchema, provableSinceSchema, providerBoxes } from "../../infra/checklist/provable";
import { boxResultSchema, failed, notNeeded, passed, resultWords } from "../../infra/checklist/result";
import { phases } from "../../infra/core/phases";

/** How many boxes the checklist has under each heading, counted there and not here. */
const headings: Record<string, number> = {
  "PRE-1.": 5,
  "PRE-2.": 5,
  "PRE-3.": 5,
  "PRE-4.": 5,
  "MIG-1.": 3,
  "MIG-2.": 2,
  "MIG-3.": 3,
  "APP-1.": 1,
  "APP-2.": 2,
  "APP-3.": 4,
  "WEB-1.": 4,
  "FUN-1.": 6,
  "FUN-2.": 5,
  "FUN-3.": 3,
  "PER-1.": 2,
  "PER-2.": 3,
  "SEC-1.": 4,
  "SEC-2.": 1,
  "RBK-0.": 5,
  "RBK-": 3,
  "MON-1.": 5,
  "MON-2.": 5,
  "POST-1.": 4,
  "POST-2.": 4,
  "POST-3.": 4,
  "POST-4.": 4,
  "TRB-": 3,
  "SUC-": 9,
  "CON-": 3,
};

describe("the checklist as data", () => {
  it("holds every id of the checklist, each once", () => {
    const expected = Object.entries(headings).flatMap(([prefix, count]) =>
      Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`),
    );
    expect([...boxIds].sort()).toEqual(expected.sort());
    expect(new Set(boxIds).size).toBe(boxIds.length);
    expect(boxIds).toHaveLength(112);
  });

  it("says of each box what it asks and how it is proved, in words of its own", () => {
    for (const box of boxes) {
      expect(box.title, box.id).toMatch(/\S/);
      expect(box.provedBy, box.id).toMatch(/\S/);
    }
    expect(new Set(boxes.map((box) => box.title)).size).toBeGreaterThan(boxes.length - 3);
  });

  it("keeps the boxes of a heading together, so that a report can group what lies side by side", () => {
    const runs = boxes.filter(
      (box, index) => boxes[index - 1]?.section !== box.section || boxes[index - 1]?.chapter !== box.chapter,
    );
    expect(runs.map((box) => `${box.chapter}/${box.section}`)).toEqual([
      ...new Set(boxes.map((box) => `${box.chapter}/${box.section}`)),
    ]);
  });

  it.each(["PRE-1.6", "pre-1.1", "", "SUC-10", "constructor"])("does not take %j for a box", (text) => {
    expect(isBoxId(text)).toBe(false);
  });
});

describe("who proves a box", () => {
  it("gives every box an owner, and no owner a box that is none", () => {
    expect(Object.keys(owners).sort()).toEqual([...boxIds].sort());
  });

  it("deals the boxes out without remainder and without overlap", () => {
    const dealt = [...new Set<BoxOwner>(Object.values(owners))].flatMap(boxesOf);
    expect([...dealt].sort()).toEqual([...boxIds].sort());
  });

  it("names only phases, resources, documents, commands, monitoring, persons and the report", () => {
    const kinds = /^(resource:[a-z-]+|command:diagnose|document|monitoring|person|report)$/;
    for (const [id, owner] of Object.entries(owners))
      expect((phases as readonly string[]).includes(owner) || kinds.test(owner), id).toBe(true);
  });

  it("leaves to a person what only a person can know", () => {
    expect(boxesOf("person")).toEqual(["RBK-0.5", "POST-2.2", "POST-2.3", "POST-2.4"]);
  });

  it("tells a phase what it kept back and what it said of another's", () => {
    const own = boxesOf("stage");
    expect(compareWithOwned("stage", own)).toEqual({ missing: [], foreign: [] });
    expect(compareWithOwned("stage", [...own.slice(1), "PRE-1.1"])).toEqual({
      missing: own.slice(0, 1),
      foreign: ["PRE-1.1"],
    });
  });
});

describe("what a schema version lets prove", () => {
  it("asks nothing of providers before their tables exist", () => {
    for (const id of providerBoxes) {
      expect(notNeededAtSchema(id, 1), id).toBe("dynamic providers come with schema 2; this deployment is at schema 1");
      expect(notNeededAtSchema(id, 2), id).toBeUndefined();
    }
  });

  it("takes the first schema version from config", () => {
    expect(provableSinceSchema("FUN-1.2", 4)).toBe(4);
    expect(notNeededAtSchema("FUN-1.2", 3, 4)).toContain("schema 4");
  });

  it.each(["PRE-1.1", "APP-2.1", "FUN-2.5", "SEC-1.3", "WEB-1.3"] satisfies BoxId[])(
    "asks for %s at every schema version",
    (id) => {
      expect(notNeededAtSchema(id, 1)).toBeUndefined();
    },
  );
});

describe("a result", () => {
  const produced = { source: "verify" };

  it("has one set of words", () => {
    expect(resultWords).toEqual(["passed", "failed", "not needed", "open", "not yet"]);
  });

  it.each([
    passed("APP-2.1", "1.4 s", produced),
    failed("APP-2.1", "no answer in 30 s", produced, "read the journal"),
    notNeeded("MIG-2.1", "schema stays", produced),
  ])("is accepted: $result", (result) => expect(boxResultSchema.parse(result)).toEqual(result));

  it.each([
    ["passed without evidence", { id: "APP-2.1", result: "passed", evidence: " ", source: "stage" }],
    ["failed without evidence", { id: "APP-2.1", result: "failed", evidence: "", source: "stage" }],
    ["not needed without a reason", { id: "APP-2.1", result: "not needed", evidence: "", source: "stage" }],
    ["a box that is none", { id: "APP-9.9", result: "passed", evidence: "x", source: "stage" }],
    ["a word of its own", { id: "APP-2.1", result: "ok", evidence: "x", source: "stage" }],
    ["a key of its own", { id: "APP-2.1", result: "passed", evidence: "x", source: "stage", note: "x" }],
  ])("is refused: %s", (_, result) => expect(boxResultSchema.safeParse(result).success).toBe(false));
});
