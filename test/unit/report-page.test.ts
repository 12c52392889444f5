import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { boxes, boxIds } from "../../infra/checklist/boxes";
import { clock, day, duration, roleName } from "../../infra/report/format";
import { renderHtml } from "../../infra/report/html";
import { escapeHtml } from "../../infra/report/page/markup";
import { assembleReport } from "../../infra/report/report";
import type { Report } from "../../infra/report/shape";
import { renderSummary } from "../../infra/report/text";
import { failedRecords, goodRecords, header, signOffs } from "../golden/records";
import { goldenPages, renderGolden, seal } from "../golden/render";

const good = (): Report => assembleReport(header, goodRecords(), signOffs);
const failed = (): Report => assembleReport(header, failedRecords(), signOffs);

/** Puts a text wherever the report holds one. */
function withText(report: Report, text: string): Report {
  const walk = (value: unknown, key: string): unknown => {
    if (typeof value === "string")
      return ["state", "result", "outcome", "phase", "id", "dataUri", "startedAt", "finishedAt"].includes(key)
        ? value
        : text;
    if (Array.isArray(value)) return value.map((item) => walk(item, key));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, walk(item, name)]));
  };
  return walk(report, "") as Report;
}

describe("the page", () => {
  // `npx tsx test/golden/render.ts` writes them again.
  it.each(Object.keys(goldenPages))("is, byte for byte, %s", (name) => {
    expect(renderGolden(name)).toBe(readFileSync(new URL(`../golden/${name}`, import.meta.url), "utf8"));
  });

  it("stands alone: no script, no address that a browser would load", () => {
    for (const report of [good(), failed()]) {
      const page = renderHtml(report, seal);
      expect(page).not.toMatch(/<(script|link|iframe|object|embed|base)\b/i);
      expect(page).not.toMatch(/\bon[a-z]+\s*=\s*"/i);
      expect(page).not.toMatch(/@import|url\(/i);
      for (const [, address] of page.matchAll(/\b(?:src|href)="([^"]*)"/g))
        expect(address).toMatch(/^(#|data:image\/)/);
    }
  });

  it("shows every box with its result as a word, its evidence and its source", () => {
    const report = failed();
    const page = renderHtml(report);
    for (const box of report.boxes) {
      const from = page.indexOf(`id="${box.id}"`);
      const row = page.slice(from, page.indexOf("</li>", from));
      expect(from, box.id).toBeGreaterThan(0);
      for (const shown of [
        boxes.find(({ id }) => id === box.id)?.title ?? "",
        box.result,
        box.evidence,
        box.reason ?? "",
        box.source,
      ])
        expect(row).toContain(escapeHtml(shown));
    }
  });

  it("says what failed, what serves and what to do before anything else", () => {
    const page = renderHtml(failed());
    const places = ["What failed", "SEC-1.2", "What serves", "v1.1.0 serves", "What to do", "112 boxes"].map((text) =>
      page.indexOf(text, page.indexOf("<body>")),
    );
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places).not.toContain(-1);
  });

  it("holds snapshot, restore command, locks, pictures, journal, contacts and the seal", () => {
    const page = renderHtml(good(), seal);
    for (const text of [
      "aws rds restore-db-instance-from-db-snapshot",
      "ACCESS EXCLUSIVE",
      'alt="Screenshot of /admin/providers as admin"',
      "created 4 system providers",
      "+351 21 555 0144",
      seal.jsonSha256,
    ])
      expect(page).toContain(text);
  });

  it.each([
    `<script>alert(1)</script>`,
    `"><img src=x onerror=alert(1)>`,
    `' onmouseover='x`,
    "</style><b>",
    "&amp;&lt;",
    "\u001b[31mred\u0000\u0007",
  ])("escapes %j wherever it stands", (text) => {
    const page = renderHtml(withText(good(), text), seal);
    const plain = renderHtml(withText(good(), "x"), seal);
    const tags = (markup: string): string[] => [...markup.matchAll(/<\/?[a-z][^\s>]*/gi)].map(([tag]) => tag);
    expect(tags(page)).toEqual(tags(plain));
    expect(page).not.toContain("\u001b");
    expect(page).not.toContain("\u0000");
    expect(page).toContain(escapeHtml(text));
  });

  it("opens every element that it closes", () => {
    const empty = new Set(["meta", "img", "br", "!doctype"]);
    const open: string[] = [];
    for (const [, slash, tag = ""] of renderHtml(failed(), seal).matchAll(/<(\/?)([!a-z][a-z0-9]*)[^>]*>/gi)) {
      if (slash === "/") expect(open.pop()).toBe(tag);
      else if (!empty.has(tag)) open.push(tag);
    }
    expect(open).toEqual([]);
  });

  it("is written for a run that never began, too", () => {
    const page = renderHtml(assembleReport({ ...header, from: null, artifactDigest: null }, [], []));
    expect(page).toContain("Nothing serves yet");
    expect(page).toContain("before any phase");
    for (const id of boxIds) expect(page).toContain(`id="${id}"`);
  });
});

describe("the summary on the terminal", () => {
  it("says of a good run what serves and what is open", () => {
    expect(renderSummary(good())).toBe(
      [
        "GOOD  prompt-library, staging: v1.2.0 with schema 2 serves, and no box failed.",
        "serves   v1.2.0 serves, on schema 2.",
        "next     Have POST-2.3 signed off: add box, by and on to signOffs in the stack's config.",
        "boxes    108 passed, 3 not needed, 1 open",
        "took     5 min 16 s",
      ].join("\n"),
    );
  });
  it("says of a failed run first what failed", () => {
    const lines = renderSummary(failed()).split("\n");
    expect(lines[0]).toBe("FAILED  prompt-library, staging: v1.2.0 with schema 2 stopped at verify.");
    expect(lines[1]).toBe("failed   verify: 1 of 39 checks failed: SEC-1.2, a user may write providers.");
    expect(lines.some((line) => line.startsWith("next "))).toBe(true);
  });
  it.each([0, 1, 7, 9, 10, 11, 40, 200])(
    "keeps to 20 lines of 160 characters with %i troubles, and says what it left out",
    (number) => {
      for (const steps of [1, 5, 9, 60]) {
        const trouble = { where: "APP-2.1", what: `no answer\nin 30 s ${"x".repeat(300)}` };
        const summary = renderSummary({
          ...failed(),
          failed: Array.from({ length: number }, () => trouble),
          next: Array.from({ length: steps }, (_, step) => `step ${step + 1}`),
        });
        const lines = summary.split("\n");
        expect(lines.length).toBeLessThanOrEqual(20);
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(160);
        const shown = lines.filter((line) => line.includes("APP-2.1: no answer")).length;
        const left = /and (\d+) more/.exec(
          lines
            .slice(
              1,
              lines.findIndex((line) => line.startsWith("serves")),
            )
            .at(-1) ?? "",
        )?.[1];
        expect(shown + Number(left ?? 0)).toBe(number);
        expect(summary).toContain("step 1");
      }
    },
  );
});

describe("how values are written", () => {
  it.each([
    [0, "0 ms"],
    [420.4, "420 ms"],
    [1_000, "1.0 s"],
    [9_940, "9.9 s"],
    [9_960, "10 s"],
    [59_400, "59 s"],
    [59_600, "1 min"],
    [401_000, "6 min 41 s"],
    [3_599_600, "1 h"],
    [3_900_000, "1 h 5 min"],
  ])("%d ms as %s", (ms, text) => expect(duration(ms)).toBe(text));
  it("times in UTC, on every machine", () => {
    expect(day("2026-11-23T23:59:59.000Z")).toBe("23 November 2026");
    expect(clock("2026-11-23T23:59:59.000Z")).toBe("23:59:59");
  });
  it.each([
    ["databaseAdmin", "Database admin"],
    ["devOps", "DevOps"],
    ["onCall", "On call"],
    ["lead", "Lead"],
  ])("the role %s as %s", (key, text) => expect(roleName(key)).toBe(text));
});
