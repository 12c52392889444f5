import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { findChromium } from "../../infra/verification/chromium";

/** `npx tsx test/golden/photograph.ts PAGE OUT WIDTH HEIGHT [dark|print] [full]`: a report's page, or a golden one, as a picture. */
const [page = "report-good.html", out = "report.png", width = "1280", height = "900", look = "light", full] = process.argv.slice(2);
const profile = mkdtempSync(join(tmpdir(), "photograph-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: await findChromium(undefined),
  headless: true,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  viewport: { width: Number(width), height: Number(height) },
  colorScheme: look === "dark" ? "dark" : "light",
  deviceScaleFactor: 1,
});
try {
  const tab = await context.newPage();
  if (look === "print") await tab.emulateMedia({ media: "print" });
  await tab.goto(`file://${existsSync(page) ? resolve(page) : fileURLToPath(new URL(page, import.meta.url))}`);
  const scrolls = await tab.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth");
  if (scrolls === true) console.error(`${page} scrolls sideways at ${width} px`);
  await tab.screenshot({ path: out, fullPage: full === "full" });
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
