import { createHash, X509Certificate } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findChromium } from "../../infra/verification/chromium";
import { issueCertificate } from "../rehearsal/certificates";
import { type Front, startFront } from "./front";
import { bringFrontend } from "./release-tree";

const publicName = "prompts.example";
let front: Front;
let profile: string;
let browser: BrowserContext;

/** Both releases' pages and unhashed files are of one size, as those of two builds by Vite mostly are. */
const release = (name: "one" | "two", hash: string) => ({
  "index.html": `<!doctype html><html><head><link rel="icon" href="data:,"></head><body><script src="/words.js"></script><script type="module" src="/assets/index-${hash}.js"></script></body></html>`,
  "words.js": `globalThis.word = "${name}";`,
  [`assets/index-${hash}.js`]: `document.body.append("release ${name}, word " + globalThis.word);`,
});

beforeAll(async () => {
  const issued = await issueCertificate(publicName, "ecdsa");
  front = await startFront(issued, { network: { publicName } });
  await bringFrontend(front, "blue", release("one", "DiwrgTd1"));
  await bringFrontend(front, "green", release("two", "BjZX2rQ2"));
  profile = await mkdtemp(join(tmpdir(), "front-profile-"));
  const key = new X509Certificate(issued.certificate).publicKey.export({ type: "spki", format: "der" });
  browser = await chromium.launchPersistentContext(profile, {
    executablePath: await findChromium(undefined),
    chromiumSandbox: process.getuid?.() !== 0,
    args: [
      `--host-resolver-rules=MAP ${publicName} ${front.address}`,
      // Chromium keeps nothing of a site whose certificate it was told to overlook: it is told to trust this key.
      `--ignore-certificate-errors-spki-list=${createHash("sha256").update(key).digest("base64")}`,
    ],
  });
});
afterAll(async () => {
  await browser?.close();
  await front?.stop();
  if (profile !== undefined) await rm(profile, { recursive: true, force: true });
});

type Visit = { text: string; sizes: Record<string, number> };

/** A visit by whoever was there before, in a tab of its own; the bytes that the network carried for each file. */
async function visit(): Promise<Visit> {
  const page = await browser.newPage();
  try {
    await page.goto(`https://${publicName}/`, { waitUntil: "networkidle" });
    const sizes = (await page.evaluate(
      "Object.fromEntries(performance.getEntriesByType('resource').map(({ name, transferSize }) => [new URL(name).pathname, transferSize]))",
    )) as Record<string, number>;
    return { text: (await page.locator("body").innerText()).trim(), sizes };
  } finally {
    await page.close();
  }
}

test("who comes back sees the release that serves, after a deployment and after a rollback", async () => {
  await front.serve("blue");
  expect((await visit()).text).toBe("release one, word one");
  const again = await visit();
  expect(again.text).toBe("release one, word one");
  // Else this browser keeps nothing, and the rest of the test shows nothing.
  expect(again.sizes["/assets/index-DiwrgTd1.js"]).toBe(0);
  await front.serve("green");
  expect((await visit()).text).toBe("release two, word two");
  await front.serve("blue");
  const back = await visit();
  expect(back.text).toBe("release one, word one");
  expect(back.sizes["/assets/index-DiwrgTd1.js"]).toBe(0);
});
