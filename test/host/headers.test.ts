import { rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { issueCertificate } from "../rehearsal/certificates";
import { type Answer, ask, say } from "./ask";
import { type Front, startFront } from "./front";
import { bringFrontend } from "./release-tree";

const publicName = "prompts.example";
let front: Front;
let backend: Server;
const asked: IncomingMessage[] = [];

/** Headers by which a backend says more than it should, or what the front says anyway. */
const backendsOwn = {
  "x-powered-by": "Express",
  "strict-transport-security": "max-age=1",
  "x-content-type-options": "nosniff",
};

beforeAll(async () => {
  front = await startFront(await issueCertificate(publicName, "ecdsa"), { network: { publicName } });
  await bringFrontend(front, "blue", {
    "index.html": "<!doctype html><html></html>",
    "assets/index-DiwrgTd1.js": "1",
  });
  await front.serve("blue");
  backend = createServer((request, response) => {
    asked.push(request);
    request.resume().on("end", () => {
      const own = request.url === "/api/own" ? ownPolicies : {};
      response.writeHead(request.url === "/api/broken" ? 500 : 200, { ...backendsOwn, ...own }).end("{}");
    });
  }).listen(8001, front.address);
});
afterAll(async () => {
  backend?.close();
  await front?.stop();
});

const ownPolicies = {
  "referrer-policy": "no-referrer",
  "content-security-policy": "default-src 'none'; frame-ancestors https://portal.example",
};

const everywhere = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "strict-origin-when-cross-origin",
  "content-security-policy": "frame-ancestors 'self'",
};
const secure = { "strict-transport-security": "max-age=63072000", ...everywhere };

function of(wanted: Readonly<Record<string, string>>, headers: IncomingHttpHeaders): Record<string, unknown> {
  return Object.fromEntries(Object.keys(wanted).map((name) => [name, headers[name]]));
}

const answers: [string, number, () => Promise<Answer>][] = [
  ["the page", 200, () => ask(front, "/")],
  ["a hashed file", 200, () => ask(front, "/assets/index-DiwrgTd1.js")],
  ["a missing file", 404, () => ask(front, "/assets/index-DiwrgTd9.js")],
  ["the backend", 200, () => ask(front, "/api/things")],
  ["a backend that fails", 500, () => ask(front, "/api/broken")],
  ["a method that files do not know", 405, () => ask(front, "/", { method: "POST" })],
  ["an address that is too long", 414, () => ask(front, `/${"a".repeat(9_000)}`)],
  [
    "a body that is too big",
    413,
    () => ask(front, "/api/x", { method: "POST", headers: { "content-length": "99000000" } }),
  ],
];

describe("the headers that keep a page safe are in the answer of", () => {
  test.each(answers)("%s (%d)", async (_, status, answer) => {
    const { status: seen, headers, body } = await answer();
    expect(seen).toBe(status);
    expect(of(secure, headers)).toEqual(secure);
    expect(headers.server).toBe("nginx");
    expect(headers["x-powered-by"]).toBeUndefined();
    expect(body.toString()).not.toMatch(/nginx\/\d/);
  });

  test("no request at all", async () => {
    const said = await say(front, "no request\r\n\r\n");
    expect(said).toMatch(/^HTTP\/1.1 400/);
    for (const [name, value] of Object.entries(secure)) expect(said.toLowerCase()).toContain(`${name}: ${value}`);
    expect(said).not.toMatch(/nginx\/\d/);
  });

  test("a service that is closed for maintenance, page and API", async () => {
    await writeFile(join(front.root, "maintenance"), "");
    try {
      for (const [path, type] of [
        ["/", "text/html"],
        ["/assets/index-DiwrgTd1.js", "text/html"],
        ["/api/things", "application/json"],
      ] as const) {
        const { status, headers } = await ask(front, path);
        const closed = { ...secure, "retry-after": "120", "cache-control": "no-store", "content-type": type };
        expect([path, status, of(closed, headers)]).toEqual([path, 503, closed]);
      }
    } finally {
      await rm(join(front.root, "maintenance"));
    }
  });

  test.each([
    ["the way to TLS", 80, 308],
    ["the port of TLS", 443, 400],
    ["the listener that verification looks at", 8101, 200],
  ])("%s without TLS, but for what only TLS may say", async (_, plainPort, status) => {
    const { status: seen, headers } = await ask(front, "/", { plainPort });
    expect([seen, headers.server, of(everywhere, headers)]).toEqual([status, "nginx", everywhere]);
    expect(headers["strict-transport-security"]).toBeUndefined();
  });
});

test("what the application says of referrers and frames stands", async () => {
  expect(of(ownPolicies, (await ask(front, "/api/own")).headers)).toEqual(ownPolicies);
});

test.each([
  ["another name", "/a", "evil.example"],
  ["another name and port", "/a", "evil.example:8080"],
  ["an address that looks like one", "//evil.example/a", publicName],
  ["a whole address", "http://evil.example/a", "evil.example"],
])("port 80 leads to the public name, whatever the client asks for: %s", async (_, path, host) => {
  const { status, headers } = await ask(front, path, { plainPort: 80, headers: { host } });
  expect(status).toBe(308);
  expect(new URL(headers.location ?? "").origin).toBe(`https://${publicName}`);
});

test("a backend prefix without its slash leads nowhere else either", async () => {
  const { status, headers } = await ask(front, "/api", { headers: { host: "evil.example" } });
  expect([status, headers.location]).toEqual([301, "/api/"]);
});

const forged = {
  host: "evil.example",
  "x-real-ip": "6.6.6.6",
  "x-forwarded-for": "6.6.6.6",
  "x-forwarded-proto": "http",
  "x-forwarded-host": "evil.example",
  "x-forwarded-port": "80",
  "x-forwarded-server": "evil.example",
  "x-forwarded-prefix": "/evil",
  "x-forwarded-user": "admin",
  "x-forwarded-for-": "6.6.6.6",
  forwarded: "for=6.6.6.6;host=evil.example",
};

test("the backend hears what the front saw, never what the client says of itself", async () => {
  await ask(front, "/api/things", { headers: forged });
  const { headers } = asked.at(-1)!;
  expect(Object.fromEntries(Object.entries(headers).filter(([name]) => name in forged))).toEqual({
    host: publicName,
    "x-real-ip": "127.0.0.1",
    "x-forwarded-for": "127.0.0.1",
    "x-forwarded-proto": "https",
    "x-forwarded-host": publicName,
    "x-forwarded-port": "443",
  });
});

test("verification's requests look to the backend like those of users", async () => {
  await ask(front, "/api/things", { plainPort: 8101, headers: { host: `127.0.0.1:8101` } });
  expect(asked.at(-1)!.headers).toMatchObject({ host: publicName, "x-forwarded-proto": "https" });
});

test("a public name may be as long as DNS allows a part of it to be, and more", async () => {
  const name = `${"a".repeat(63)}.${"b".repeat(63)}.example`;
  const long = await startFront(await issueCertificate(name, "ecdsa"), { network: { publicName: name } });
  try {
    expect((await ask(long, "/", { plainPort: 80 })).headers.location).toBe(`https://${name}/`);
  } finally {
    await long.stop();
  }
});
