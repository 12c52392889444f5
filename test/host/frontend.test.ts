import { readdir, readlink, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keepFilesScript } from "../../infra/host/commands/kept-files";
import { issueCertificate } from "../rehearsal/certificates";
import { ask } from "./ask";
import { type Front, startFront } from "./front";
import { bringFrontend } from "./release-tree";

let front: Front;
/** Where the release is that is in no slot any more. */
let oldestRelease: string;

const script = `console.log(${JSON.stringify("a line of some length ".repeat(200))});`;
const page = (name: string) =>
  `<!doctype html><html><script type="module" src="/assets/${name}"></script>${"<p></p>".repeat(50)}</html>`;

const oldest = {
  "index.html": page("index-Abcdefg1.js"),
  "assets/index-Abcdefg1.js": script,
  "retired.txt": "of the oldest release alone",
};
const older = {
  "index.html": page("index-DiwrgTd1.js"),
  "assets/index-DiwrgTd1.js": script,
  "about.txt": "one",
};
const newer = {
  "index.html": page("index-BjZX2rQ2.js"),
  "assets/index-BjZX2rQ2.js": script,
  "assets/index-BjZX2rQ2.css": "body { color: black; }\n".repeat(100),
  "assets/worker-C_5k9dZ-.mjs": script,
  "assets/hero-wordmark.png": "a picture whose name only looks like that of a hashed one",
  "icon.svg": `<svg xmlns="http://www.w3.org/2000/svg"><!-- ${"a comment ".repeat(100)} --></svg>`,
  "about.txt": "two",
};

beforeAll(async () => {
  front = await startFront(await issueCertificate("prompts.example", "ecdsa"), {
    network: { publicName: "prompts.example" },
  });
  oldestRelease = await bringFrontend(front, "blue", oldest);
  await bringFrontend(front, "blue", older);
  await bringFrontend(front, "green", newer);
  await front.serve("green");
});
afterAll(() => front?.stop());

describe("how long a browser keeps what", () => {
  test.each([
    ["/", "no-cache"],
    ["/index.html", "no-cache"],
    ["/connections/1", "no-cache"],
    ["/icon.svg", "no-cache"],
    ["/about.txt", "no-cache"],
    ["/assets/hero-wordmark.png", "no-cache"],
    ["/assets/index-BjZX2rQ2.js", "public, max-age=31536000, immutable"],
    ["/assets/worker-C_5k9dZ-.mjs", "public, max-age=31536000, immutable"],
    ["/assets/index-DiwrgTd9.js", "no-store"],
  ])("%s: %s", async (path, wanted) => {
    expect((await ask(front, path)).headers["cache-control"]).toBe(wanted);
  });
});

describe("a file that no release has", () => {
  test.each([
    "/assets/index-DiwrgTd9.js",
    "/assets/app-0.js",
    "/missing.css",
    "/maps/x.js.map",
    "/assets/",
    "/favicon.ico",
  ])("%s is not found", async (path) => {
    const { status, body } = await ask(front, path);
    expect(status).toBe(404);
    expect(body.toString()).not.toContain("script");
  });
  test.each(["/", "/connections/1", "/people/ada@example.com", "/releases/v1.2.0"])("%s is the page", async (path) => {
    const { status, headers, body } = await ask(front, path);
    expect([status, headers["content-type"], body.toString()]).toEqual([200, "text/html", newer["index.html"]]);
  });
});

describe("text is compressed", () => {
  test.each([
    "/",
    "/assets/index-BjZX2rQ2.js",
    "/assets/index-BjZX2rQ2.css",
    "/assets/worker-C_5k9dZ-.mjs",
    "/icon.svg",
  ])("%s", async (path) => {
    const plain = await ask(front, path);
    const packed = await ask(front, path, { headers: { "accept-encoding": "gzip" } });
    expect(plain.headers["content-encoding"]).toBeUndefined();
    expect(packed.headers["content-encoding"]).toBe("gzip");
    expect(packed.headers.vary).toBe("Accept-Encoding");
  });
});

test("a module's type is one that browsers run", async () => {
  expect((await ask(front, "/assets/worker-C_5k9dZ-.mjs")).headers["content-type"]).toBe("application/javascript");
});

test("the same address is another version where its content is another, of the same size or not", async () => {
  const first = await ask(front, "/about.txt");
  await front.serve("blue");
  try {
    const second = await ask(front, "/about.txt", {
      headers: { "if-none-match": first.headers.etag ?? "", "if-modified-since": first.headers["last-modified"] ?? "" },
    });
    expect([second.status, second.body.toString()]).toEqual([200, "one"]);
    const again = await ask(front, "/about.txt", { headers: { "if-none-match": second.headers.etag ?? "" } });
    expect(again.status).toBe(304);
    expect(again.headers["cache-control"]).toBe("no-cache");
  } finally {
    await front.serve("green");
  }
});

describe("a page that has long been open gets the hashed files of its release", () => {
  test("as long as the host keeps that release", async () => {
    for (const path of ["/assets/index-Abcdefg1.js", "/assets/index-DiwrgTd1.js"]) {
      const { status, headers, body } = await ask(front, path);
      expect([path, status, body.toString()]).toEqual([path, 200, script]);
      expect(headers["cache-control"]).toBe("public, max-age=31536000, immutable");
    }
    await rm(oldestRelease, { recursive: true });
    await front.run(keepFilesScript);
    expect((await ask(front, "/assets/index-Abcdefg1.js")).status).toBe(404);
    expect((await ask(front, "/assets/index-DiwrgTd1.js")).status).toBe(200);
  });
  test("and never those that are not hashed", async () => {
    expect((await ask(front, "/retired.txt")).status).toBe(404);
  });
  test("of which one tree is left, however often they are kept", async () => {
    await front.run(keepFilesScript);
    const trees = (await readdir(front.root)).filter((name) => name.startsWith("kept-files"));
    expect(trees).toHaveLength(2);
    expect(trees).toContain(await readlink(join(front.root, "kept-files")));
  });
});
