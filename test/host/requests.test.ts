import { EventEmitter, once } from "node:events";
import { rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { type IssuedCertificate, issueCertificate } from "../rehearsal/certificates";
import { ask } from "./ask";
import { type Front, startFront } from "./front";
import { bringFrontend } from "./release-tree";

const publicName = "prompts.example";
/** A minute passes in a second. */
const times = 60;
const prefixes = ["/api/", "/socket.io/", "/graphql"];

let issued: IssuedCertificate;
let front: Front;
let backend: Server;
/** Each event of a stream is sent once the client has the one before. */
const received = new EventEmitter();

beforeAll(async () => {
  issued = await issueCertificate(publicName, "ecdsa");
  front = await startFront(issued, { network: { publicName }, app: { routes: { prefixes } } }, { times });
  await bringFrontend(front, "blue", { "index.html": "<!doctype html><html></html>" });
  await front.serve("blue");
  backend = createServer(async (request, response) => {
    let bytes = 0;
    for await (const piece of request) bytes += (piece as Buffer).length;
    if (request.url === "/api/slow") await pause((75 * 1000) / times);
    if (request.url === "/api/events") {
      response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
      for (let event = 1; event <= 3; event += 1) {
        response.write(`data: ${event}\n\n`);
        await Promise.race([once(received, "piece"), pause(5_000, undefined, { ref: false })]);
      }
      response.end();
    } else
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ path: request.url, bytes }));
  }).listen(8001, front.address);
  const sockets = new WebSocketServer({ server: backend });
  sockets.on("connection", (socket) => socket.on("message", (message) => socket.send(message.toString())));
});
afterAll(async () => {
  backend?.closeAllConnections();
  backend?.close();
  await front?.stop();
});

test("events reach the client one by one", async () => {
  const startedAt = Date.now();
  const { body } = await ask(front, "/api/events", {
    method: "POST",
    onData: () => received.emit("piece"),
  });
  expect(body.toString()).toBe("data: 1\n\ndata: 2\n\ndata: 3\n\n");
  expect(Date.now() - startedAt).toBeLessThan(5_000);
});

test("a websocket that says nothing for ten minutes lives", async () => {
  const socket = new WebSocket(`wss://${front.address}/socket.io/?transport=websocket`, {
    headers: { host: publicName },
    rejectUnauthorized: false,
  });
  await once(socket, "open");
  const closed = once(socket, "close").then(() => "closed");
  try {
    expect(await Promise.race([closed, pause((600 * 1000) / times, "idle")])).toBe("idle");
    socket.send("still there?");
    const [answer] = (await once(socket, "message")) as [Buffer];
    expect(answer.toString()).toBe("still there?");
  } finally {
    socket.terminate();
  }
});

test("an answer that takes 75 s arrives", async () => {
  expect((await ask(front, "/api/slow")).status).toBe(200);
});

describe("a request's body", () => {
  const post = (to: Front, bytes: number) =>
    ask(to, "/api/import", { method: "POST", body: Buffer.alloc(bytes) }).then(({ status }) => status);
  test("may be 25 MiB long", async () => {
    expect(await post(front, 25 * 1_048_576)).toBe(200);
    expect(await post(front, 25 * 1_048_576 + 1)).toBe(413);
  });
  test("or what network.maxBodyMiB says", async () => {
    const narrow = await startFront(issued, { network: { publicName, maxBodyMiB: 1 } });
    const small = createServer((request, response) => request.resume().on("end", () => response.end())).listen(
      8001,
      narrow.address,
    );
    try {
      expect(await post(narrow, 1_048_576)).toBe(200);
      expect(await post(narrow, 1_048_577)).toBe(413);
    } finally {
      small.close();
      await narrow.stop();
    }
  });
});

describe("what goes to the backend", () => {
  test.each([
    "/api/things",
    "/api/export.csv",
    "/socket.io/socket.io.js",
    "/socket.io/?EIO=4",
    "/graphql",
    "/graphql?q",
  ])("%s", async (path) => {
    const { status, body } = await ask(front, path);
    expect([status, JSON.parse(body.toString())]).toEqual([200, { path, bytes: 0 }]);
  });
  test.each(["/apiary", "/graphql-editor", "/graphql/x"])("and not %s", async (path) => {
    expect((await ask(front, path)).headers["content-type"]).toBe("text/html");
  });
  test("each is told in its own form that the service is closed", async () => {
    await writeFile(join(front.root, "maintenance"), "");
    try {
      for (const path of ["/api/things", "/socket.io/?EIO=4", "/graphql"]) {
        const { status, body } = await ask(front, path);
        expect([status, JSON.parse(body.toString()).error.code]).toEqual([503, "MAINTENANCE"]);
      }
      for (const path of ["/", "/graphql-editor"])
        expect((await ask(front, path)).body.toString()).toContain("Closed for maintenance");
    } finally {
      await rm(join(front.root, "maintenance"));
    }
  });
});
