import { access, constants } from "node:fs/promises";
import type { Browser } from "playwright-core";
import { Failure } from "../core/failure";
import { environmentFor } from "../core/program-environment";

/** Where Debian, Ubuntu and Google's own package put it; first the one without windows, which shows a page in half the time. */
const usualPlaces = [
  "/usr/bin/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome-stable",
  "/usr/bin/google-chrome",
];

/** @throws Failure saying how to get one where there is none */
export async function findChromium(executable: string | undefined): Promise<string> {
  for (const path of executable === undefined ? usualPlaces : [executable])
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path;
  throw new Failure(
    "browser-missing",
    `no Chromium at ${executable ?? usualPlaces.join(", ")} of the machine that runs Pulumi, so no page was looked at`,
    "apt-get install chromium-headless-shell there, or pulumi config set --path verification.browser.executable PATH",
  );
}

export async function startChromium(executable: string | undefined): Promise<Browser> {
  const executablePath = await findChromium(executable);
  // A third of a second to load, which a phase that may have to verify and does not would pay for nothing.
  const { chromium } = await import("playwright-core");
  // Chromium's own sandbox refuses to run as root.
  const chromiumSandbox = process.getuid?.() !== 0;
  return chromium.launch({ executablePath, chromiumSandbox, env: environmentFor("chromium") });
}
