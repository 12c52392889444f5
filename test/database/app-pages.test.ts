import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startChromium } from "../../infra/verification/chromium";
import { adminAccount, backendEnvironment, newUser, type RunningBackend, startBackend } from "../app/backend";
import { builtRelease } from "../app/build";
import { type FakeProvider, startProvider } from "../app/provider";
import { type RunningRedis, startRedis } from "../app/redis";
import { migrateDatabase } from "../app/schema";
import { startSite } from "../app/site";
import { type Cluster, startCluster } from "./cluster";

let cluster: Cluster;
let redis: RunningRedis;
let provider: FakeProvider;
let browser: Browser;

beforeAll(async () => {
  await builtRelease("v1.1.0");
  await builtRelease("v1.2.0");
  [cluster, redis, provider] = await Promise.all([
    startCluster(),
    startRedis(),
    startProvider((_, response) => response.end("{}")),
  ]);
  await migrateDatabase(cluster.connection, 2);
  browser = await startChromium(undefined);
}, 600_000);

afterAll(async () => {
  await browser?.close();
  await Promise.all([provider?.stop(), redis?.stop(), cluster?.stop()]);
});

/** Runs `visit` on a fresh page; gives what the browser complained about. */
async function complaintsOf(
  tag: string,
  visit: (page: Page, url: string, backend: RunningBackend) => Promise<void>,
): Promise<string[]> {
  const environment = backendEnvironment({ databaseUrl: cluster.url, redisUrl: redis.url });
  const backend = await startBackend(tag, { ...environment, PROVIDER_ENDPOINT_OVERRIDE: provider.url });
  const site = await startSite(tag, backend);
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    const complaints: string[] = [];
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (cause) => complaints.push(String(cause)));
    page.on("requestfailed", (request) => complaints.push(`${request.url()} failed`));
    await visit(page, site.url, backend);
    return complaints;
  } finally {
    await context.close();
    site.stop();
    await backend.stop("SIGKILL");
  }
}

async function signIn(page: Page, url: string, account: { email: string; password: string }): Promise<void> {
  await page.goto(`${url}/login`);
  await page.fill("input[name=email]", account.email);
  await page.fill("input[name=password]", account.password);
  await page.click("button[value=login]");
  await page.waitForSelector("h1:has-text('Connections')");
}

async function connectAndRemove(page: Page): Promise<void> {
  // Chosen from a list that has to come first: without a choice the form sends nothing.
  await page.waitForSelector("select option", { state: "attached" });
  await page.fill("input[name=name]", "From the page");
  await page.fill("input[name=key]", "a-key");
  await page.click("button:has-text('Connect')");
  await page.click("tr:has-text('From the page') button:has-text('Remove')");
  await page.waitForSelector("tr:has-text('From the page')", { state: "detached" });
}

describe("the pages", () => {
  it("v1.1.0: sign in, make a connection, remove it, without a complaint", async () => {
    const complaints = await complaintsOf("v1.1.0", async (page, url) => {
      await signIn(page, url, adminAccount);
      await connectAndRemove(page);
    });
    expect(complaints).toEqual([]);
  });

  it("v1.2.0: an administrator tests, adds and removes providers, without a complaint", async () => {
    const complaints = await complaintsOf("v1.2.0", async (page, url) => {
      await signIn(page, url, adminAccount);
      await connectAndRemove(page);
      await page.click("a:has-text('Providers')");
      await page.click("tr[data-provider=openai] button:has-text('Test')");
      await page.waitForSelector("tr[data-provider=openai]:has-text('The provider answers')");
      await page.waitForSelector("select[name=template] option", { state: "attached" });
      await page.fill("input[name=identifier]", "acme");
      await page.fill("input[name=name]", "Acme");
      await page.fill("input[name=api_endpoint]", "https://llm.acme.example/v1");
      await page.click("button:has-text('Add')");
      await page.waitForSelector("tr[data-provider=acme]:has-text('Default model')");
      await page.click("tr[data-provider=acme] button:has-text('Remove')");
      await page.waitForSelector("tr[data-provider=acme]", { state: "detached" });
    });
    expect(complaints).toEqual([]);
  });

  it("v1.2.0: a user who goes to the administrators' page with a token in localStorage is told, without a complaint", async () => {
    const complaints = await complaintsOf("v1.2.0", async (page, url, backend) => {
      const token = await newUser(backend, "visitor");
      await page.addInitScript(`localStorage.setItem("token", ${JSON.stringify(token)})`);
      await page.goto(`${url}/admin/providers`);
      await page.waitForSelector("text=Only administrators see this page");
      expect(await page.locator("a:has-text('Providers')").count()).toBe(0);
    });
    expect(complaints).toEqual([]);
  });
});
