import { createHash, X509Certificate } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { findChromium } from "../infra/verification/chromium";

export type Visit = {
  text: string;
  /** Each file that the page loaded, with the bytes that the network carried for it: 0 where the browser had kept it. */
  files: Record<string, number>;
};

export type ReturningVisitor = { visit(path: string): Promise<Visit>; leave(): Promise<void> };

/** A user who comes back: one browser profile, open all the time, with whatever it kept of the visits before. */
export async function startVisitor(site: {
  publicName: string;
  address: string;
  /** PEM; the first is the one that the site shows. */
  certificate: string;
}): Promise<ReturningVisitor> {
  const profile = await mkdtemp(join(tmpdir(), "visitor-"));
  const key = new X509Certificate(site.certificate).publicKey.export({ type: "spki", format: "der" });
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: await findChromium(undefined),
    chromiumSandbox: process.getuid?.() !== 0,
    args: [
      `--host-resolver-rules=MAP ${site.publicName} ${site.address}`,
      // Chromium keeps nothing of a site whose certificate it was told to overlook: it is told to trust this key.
      `--ignore-certificate-errors-spki-list=${createHash("sha256").update(key).digest("base64")}`,
    ],
  });
  return {
    async visit(path) {
      const page = await browser.newPage();
      try {
        await page.goto(`https://${site.publicName}${path}`, { waitUntil: "networkidle" });
        const files = (await page.evaluate(
          "Object.fromEntries(performance.getEntriesByType('resource').map(({ name, transferSize }) => [new URL(name).pathname, transferSize]))",
        )) as Visit["files"];
        return { text: (await page.locator("body").innerText()).trim(), files };
      } finally {
        await page.close();
      }
    },
    async leave() {
      await browser.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}
