import { writeFileSync } from "node:fs";
import { renderHtml, type Seal } from "../../infra/report/html";
import { assembleReport } from "../../infra/report/report";
import { type Report } from "../../infra/report/shape";
import { failedRecords, goodRecords, header, signOffs } from "./records";

export const seal: Seal = { jsonSha256: "0f".repeat(32), keyId: "ed25519:4be1c2a07d93f586" };

export const goldenPages: Record<string, () => Report> = {
  "report-good.html": () => assembleReport(header, goodRecords(), signOffs),
  "report-failed.html": () => assembleReport(header, failedRecords(), signOffs),
};

export function renderGolden(name: keyof typeof goldenPages): string {
  const make = goldenPages[name];
  if (make === undefined) throw new Error(`no golden page is called ${name}`);
  return renderHtml(make(), seal);
}

// `npx tsx test/golden/render.ts` writes the golden pages again, to be looked at before they are committed.
if (process.argv[1]?.endsWith("render.ts") === true)
  for (const name of Object.keys(goldenPages)) writeFileSync(new URL(name, import.meta.url), renderGolden(name));
