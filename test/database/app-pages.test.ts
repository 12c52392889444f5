import { readFile } from "node:fs/promises";
import { once } from "node:events";
import { createServer, request as forward, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { adminAccount, backendEnvironment, newUser, type RunningBackend, startBackend } from "../app/backend";
import { builtRelease } from "../app/build";
import { type FakeProvider, startProvider } from "../app/provider";
import { type RunningRedis, startRedis } from "../app/redis";
import { migrateDatabase } from "../app/schema";
import { type Cluster, startCluster } from "./cluster";

let cluster: Cluster;
let redis: RunningRedis;
let provider: FakeProvider;
let browser: Browser;

beforeAll(async () => {
  await builtRelease("v1.1.0");
  await builtRelease("v1.2.0");
  [cluster, redis, provider] = await Promise.all([startCluster(), startRedis(), startProvider((_, response) => response.end("{}"))]);
  await migrateDatabase(cluster.connection, 2);
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
}, 600_000);

afterAll(async () => {
  await browser?.close();
  await Promise.all([provider?.stop(), redis?.stop(), cluster?.stop()]);
});

/** As nginx serves a release: its files, `index.html` for every other path, and `/api/` from the backend. */
async function startSite(tag: string, backend: RunningBackend): Promise<{ url: string; server: Server }> {
  const root = join(await builtRelease(tag), "interface/frontend/dist");
  const types: Record<string, string> = { ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://site").pathname;
    if (path.startsWith("/api/")) {
      const inner = forward(`${backend.url}${request.url}`, { method: request.method, headers: request.headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      // A page that is left while it waits, or the backend's end.
      inner.on("error", () => response.destroy());
      request.pipe(inner);
    } else
      void readFile(join(root, path)).then(
        (file) => response.writeHead(200, { "content-type": types[extname(path)] ?? "text/html" }).end(file),
        async () => response.writeHead(200, { "content-type": "text/html" }).end(await readFile(join(root, "index.html"))),
      );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

/** Runs `visit` on a fresh page; gives what the browser complained about. */
async function complaintsOf(tag: string, visit: (page: Page, url: string, backend: RunningBackend) => Promise<void>): Promise<string[]> {
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
    site.server.closeAllConnections();
    site.server.close();
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
