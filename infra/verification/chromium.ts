import { access, constants } from "node:fs/promises";
import type { Browser } from "playwright-core";
import { Failure } from "../core/failure";
import { environmentFor } from "../core/program-environment";

/** Where the packages of Debian, Ubuntu and Google put it; the headless one first, which loads a page in half the time. */
const usualPlaces = [
  "/usr/bin/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome-stable",
  "/usr/bin/google-chrome",
];

/** @throws Failure saying how to install it if there is none */
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
    `no Chromium at ${executable ?? usualPlaces.join(", ")} on the machine that runs Pulumi, so no page was opened`,
    "apt-get install chromium-headless-shell there, or pulumi config set --path verification.browser.executable PATH",
  );
}

export async function startChromium(executable: string | undefined): Promise<Browser> {
  const executablePath = await findChromium(executable);
  // Takes a third of a second to load: a phase that turns out to verify nothing should not pay for it.
  const { chromium } = await import("playwright-core");
  // Chromium's sandbox does not run as root.
  const chromiumSandbox = process.getuid?.() !== 0;
  return chromium.launch({ executablePath, chromiumSandbox, env: environmentFor("chromium") });
}
