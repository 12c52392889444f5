import type { Browser, BrowserContext, Page, Route } from "playwright-core";
import { isBackendPath } from "../core/backend-path";
import type { Settings } from "../settings/settings";
import type { Round } from "./round";

type PageSettings = Settings["verification"]["pages"][number];

const viewport = { width: 1024, height: 768 };
/** Records go to the host and into the report, so a screenshot stays below this. */
const largestPictureBytes = 150_000;

type Look = { page: PageSettings; complaints: string[]; dataUri?: string };

const begun = new WeakMap<Round, Promise<Look[]>>();

/** Once a round, in parallel with the checks before it: most of a page's time is waiting until it sends no more requests. */
export function firstLook(round: Round): Promise<Look[]> {
  const looking = begun.get(round) ?? lookAtAll(round, pagesOf(round));
  begun.set(round, looking);
  return looking;
}

/**
 * Each page as visitors would see it, from the release that has no traffic yet. A page with errors while other checks create and
 * remove what it shows is opened once more, alone: only errors that come back count.
 */
export async function pagesWithoutComplaint(round: Round): Promise<string> {
  const pages = pagesOf(round);
  if (pages.length === 0) throw new Error("verification.pages lists no page of this release");
  const first = await firstLook(round);
  const clean = first.filter(({ complaints }) => complaints.length === 0);
  const doubtful = first.filter(({ complaints }) => complaints.length > 0);
  const second =
    doubtful.length === 0 || round.application.limited !== undefined
      ? doubtful
      : await lookAtAll(
          round,
          doubtful.map(({ page }) => page),
        );
  for (const { page, dataUri } of [...clean, ...second])
    if (dataUri !== undefined) round.screenshots.push({ page: page.path, as: page.as, dataUri });
  if (round.application.limited !== undefined) throw round.application.limited;
  const found = complaintsOf(second);
  if (found.length > 0) throw new Error(found.join("; "));
  const passing = complaintsOf(doubtful).map((complaint) => `; only while other checks were running: ${complaint}`);
  return `${pages.map(nameOf).join(", ")}: no console error, no failed request, no uncaught exception${passing.join("")}`;
}

function pagesOf(round: Round): PageSettings[] {
  return round.subject.settings.verification.pages.filter((page) => !page.needsProviders || round.knowsProviders);
}

const nameOf = ({ path, as }: PageSettings) => `${path} as ${as}`;

const complaintsOf = (looks: readonly Look[]) =>
  looks.flatMap(({ page, complaints }) => complaints.map((complaint) => `${nameOf(page)}: ${complaint}`));

/** In parallel, each in its own context. */
async function lookAtAll(round: Round, pages: readonly PageSettings[]): Promise<Look[]> {
  const browser = await round.browser();
  round.subject.progress(`opening ${pages.map(nameOf).join(", ")}`);
  return Promise.all(pages.map(async (page) => ({ page, ...(await lookAt(round, browser, page)) })));
}

async function lookAt(round: Round, browser: Browser, settings: PageSettings): Promise<Omit<Look, "page">> {
  const { browser: how } = round.subject.settings.verification;
  const publicOrigin = `https://${round.subject.settings.network.publicName}`;
  const context = await browser.newContext({ viewport, serviceWorkers: "block" });
  const complaints: string[] = [];
  let dataUri: string | undefined;
  try {
    context.setDefaultTimeout(how.timeoutSeconds * 1000);
    await context.route(`${publicOrigin}/**`, (route) => turn(route, round, publicOrigin, complaints));
    if (settings.as !== "nobody") await logIn(context, round, settings.as, publicOrigin);
    const page = await context.newPage();
    listen(page, complaints);
    await page.goto(`${publicOrigin}${settings.path}`, { waitUntil: "networkidle" });
    if (settings.shows !== undefined) await page.getByText(settings.shows).first().waitFor();
    else if ((await page.locator("body").innerText()).trim() === "") complaints.push("the page is empty");
    dataUri = await picture(page);
  } catch (error) {
    complaints.push(error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error));
  } finally {
    await context.close();
  }
  return { complaints: [...new Set(complaints)], ...(dataUri === undefined ? {} : { dataUri }) };
}

/**
 * Answers a request to the public name from this release's listener. The page keeps its public origin, so that what depends on it
 * (a built-in API address, secure contexts) works as it does for users.
 */
async function turn(route: Route, round: Round, publicOrigin: string, complaints: string[]): Promise<void> {
  const url = route.request().url();
  const path = url.slice(publicOrigin.length);
  const isApi = isBackendPath(path, round.application.routes.prefixes);
  try {
    if (isApi) round.application.count(`${route.request().method()} ${path}`);
    const response = await route.fetch({ url: `${round.application.origin}${path}`, maxRedirects: 0 });
    if (isApi && response.status() === 429)
      round.application.noteRefusal(path, Number(response.headers()["retry-after"]));
    await route.fulfill({ response });
  } catch (error) {
    complaints.push(error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error));
    await route.abort().catch(() => undefined);
  }
}

async function logIn(context: BrowserContext, round: Round, as: "admin" | "user", publicOrigin: string): Promise<void> {
  const { storage, tokenKey } = round.subject.settings.verification.browser;
  const values = JSON.stringify([storage, tokenKey, await round.token(as), publicOrigin]);
  // Only there: other origins that a page embeds must not get the token.
  await context.addInitScript(
    `((storage, key, token, origin) => { if (location.origin === origin) window[storage].setItem(key, token); })(...${values})`,
  );
}

function listen(page: Page, complaints: string[]): void {
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`uncaught: ${error.message}`));
  page.on("requestfailed", (request) =>
    complaints.push(`${request.method()} ${request.url()} failed: ${request.failure()?.errorText ?? "no reason"}`),
  );
}

async function picture(page: Page): Promise<string> {
  for (const quality of [60, 30, 10]) {
    const taken = await page.screenshot({ type: "jpeg", quality });
    if (taken.length <= largestPictureBytes || quality === 10)
      return `data:image/jpeg;base64,${taken.toString("base64")}`;
  }
  throw new Error("unreachable");
}
