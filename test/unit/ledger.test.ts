import { describe, expect, test } from "vitest";
import {
  badWarning,
  knownReleases,
  type LedgerEntry,
  lastGood,
  prunable,
  readLedger,
} from "../../infra/release/history/ledger";
import { releaseTable } from "../../infra/release/history/table";

const digestOf = (name: string) => Buffer.from(name).toString("hex").padEnd(64, "0");
let minute = 0;
const entry = (event: LedgerEntry["event"], name: string, reason?: string): LedgerEntry => ({
  event,
  release: name,
  commit: "c".repeat(40),
  digest: digestOf(name),
  config: "d".repeat(64),
  who: "ada@desk",
  at: new Date(Date.UTC(2026, 0, 1, 0, minute++)).toISOString(),
  ...(reason === undefined ? {} : { reason }),
});
const good = (name: string) => [entry("staged", name), entry("verified", name), entry("served", name)];
const bad = (name: string) => [entry("staged", name), entry("bad", name, "it ended by itself")];

describe("what is known of releases", () => {
  test("each artifact once, the newest first, with its latest verdict", () => {
    const known = knownReleases([...good("a"), ...bad("b"), ...good("c"), entry("staged", "a")]);
    expect(known.map(({ release, verdict }) => [release, verdict])).toEqual([
      ["a", "verified"],
      ["c", "verified"],
      ["b", "bad"],
    ]);
    expect(known[2]?.reason).toBe("it ended by itself");
  });
  test("a bad one that was mended by config and passed is good again", () => {
    expect(knownReleases([...bad("a"), ...good("a")])[0]).toMatchObject({ verdict: "verified" });
    expect(knownReleases([...bad("a"), ...good("a")])[0]?.reason).toBeUndefined();
  });
  test("a bad one that is staged again stays bad until it is verified", () => {
    expect(knownReleases([...bad("a"), entry("staged", "a")])[0]).toMatchObject({
      verdict: "bad",
      reason: "it ended by itself",
    });
  });
  test("a spoiled line costs only itself", () => {
    const rows = good("a").map((row) => JSON.stringify(row));
    expect(
      readLedger([rows[0], rows[1]?.slice(0, 30), "", rows[2], "null"].join("\n")).map(({ event }) => event),
    ).toEqual(["staged", "served"]);
  });
});

describe("the last good release", () => {
  test.each<[string, LedgerEntry[], string, string | undefined]>([
    ["the one that served before", [...good("a"), ...good("b")], "b", "a"],
    ["never a bad one", [...good("a"), ...good("b"), entry("bad", "b"), ...good("c")], "c", "a"],
    [
      "never one that did not serve",
      [...good("a"), entry("staged", "b"), entry("verified", "b"), ...good("c")],
      "c",
      "a",
    ],
    ["nothing, where only one ever served", good("a"), "a", undefined],
    ["after a way back, the one that was left", [...good("a"), ...good("b"), entry("served", "a")], "a", "b"],
  ])("is %s", (_, entries, serving, expected) => {
    expect(lastGood(knownReleases(entries), digestOf(serving))?.release).toBe(expected);
  });
});

test("the ledger as an operator reads it", () => {
  minute = 0;
  const known = knownReleases([...good("v1.1.0"), ...bad("v1.2.0")]);
  expect(releaseTable(known, { serving: digestOf("v1.1.0"), isHeld: (digest) => digest === digestOf("v1.1.0") })).toBe(
    [
      "   release  verdict   last served        artifact          config    who       noted at           held",
      "   v1.2.0   bad       never              76312e322e300000  dddddddd  ada@desk  2026-01-01 00:04Z  no",
      "*  v1.1.0   verified  2026-01-01 00:02Z  76312e312e300000  dddddddd  ada@desk  2026-01-01 00:02Z  yes",
      "v1.2.0 was found bad: it ended by itself",
    ].join("\n"),
  );
  expect(releaseTable([], { serving: null, isHeld: () => false })).toBe("The host remembers no release.");
});

test("a bad release that config names is tried with a warning", () => {
  const known = knownReleases([...bad("a"), ...good("b")]);
  expect(badWarning(known, digestOf("a"))).toMatch(/a was found bad on this host at .*: it ended by itself/);
  expect(badWarning(known, digestOf("b"))).toBeUndefined();
  expect(badWarning(known, digestOf("new"))).toBeUndefined();
});

describe("pruning", () => {
  const directoryOf = (digest: string) => digest.slice(0, 16);
  const names = (directories: readonly string[]) =>
    directories.map((directory) => Buffer.from(directory, "hex").toString().replaceAll("\0", ""));
  const prune = (
    entries: LedgerEntry[],
    serving: string,
    keep: number,
    extra: string[] = [],
    inSlots: string[] = [],
  ) => {
    const known = knownReleases(entries);
    const onHost = [...known.map(({ digest }) => directoryOf(digest)), ...extra];
    return names(
      prunable({ known, onHost, directoryOf, serving: digestOf(serving), inSlots: inSlots.map(digestOf), keep }),
    ).sort();
  };
  test.each<[string, string[], LedgerEntry[], string, number]>([
    ["nothing while there is room", [], [...good("a"), ...good("b"), ...good("c")], "c", 2],
    ["the oldest first", ["a"], [...good("a"), ...good("b"), ...good("c"), ...good("d"), ...good("e")], "e", 2],
    [
      "failures before good ones",
      ["x", "y"],
      [...good("a"), ...good("b"), ...good("c"), ...bad("x"), ...bad("y"), ...good("d")],
      "d",
      2,
    ],
  ])("takes %s", (_, gone, entries, serving, keep) => {
    expect(prune(entries, serving, keep)).toEqual(gone);
  });
  test("takes what the ledger does not know, and never what a slot holds", () => {
    const unknown = directoryOf(digestOf("z"));
    expect(prune([...good("a"), ...good("b")], "b", 0, [unknown])).toEqual(["z"]);
    expect(prune([...good("a"), ...good("b"), ...good("c"), ...bad("x")], "c", 0, [], ["x"])).toEqual(["a"]);
  });
  test("whatever happened, keeps the serving and the last good one, no more than it may beside them, and no bad one for a good one", () => {
    let seed = 7;
    const random = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
    for (let round = 0; round < 500; round += 1) {
      const entries: LedgerEntry[] = [];
      let serving = "";
      for (let step = 0; step < 3 + random(12); step += 1) {
        const name = `r${random(8)}`;
        if (random(3) === 0) entries.push(...bad(name));
        else {
          entries.push(...good(name));
          serving = name;
        }
      }
      if (serving === "") continue;
      const keep = random(4);
      const known = knownReleases(entries);
      const gone = prune(entries, serving, keep);
      const fixed = [serving, lastGood(known, digestOf(serving))?.release];
      for (const name of fixed) expect(gone).not.toContain(name);
      const kept = known.filter(({ release }) => !gone.includes(release) && !fixed.includes(release));
      expect(kept.length).toBeLessThanOrEqual(keep);
      const keepsBad = kept.some(({ verdict }) => verdict === "bad");
      const losesGood = known.some(({ release, verdict }) => gone.includes(release) && verdict !== "bad");
      expect(keepsBad && losesGood).toBe(false);
    }
  });
});
