import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import { createApp } from "./app.js";
import { openDatabase } from "./database.js";
import { readEnvironment } from "./environment.js";
import { log, reason } from "./log.js";
import { prepare } from "./prepare.js";
import { connectRedis } from "./redis.js";
import { createServices } from "./services.js";
import { endGracefully } from "./shutdown.js";

async function start(): Promise<void> {
  const environment = readEnvironment(process.env);
  const redis = await connectRedis(environment.redisUrl);
  const database = openDatabase(environment);
  const services = createServices(environment, database, redis);
  await prepare(services);

  const app = createApp(services);
  const server = createServer((request, response) => {
    // A long request: answered after as many milliseconds as its path says.
    const [, ms] = /^\/api\/slow\/(\d+)$/.exec(request.url ?? "") ?? [];
    if (ms === undefined) app(request, response);
    else setTimeout(() => response.end(environment.release), Number(ms));
  });
  tellOverWebsockets(server, environment.release);
  endGracefully(server, async () => {
    redis.close();
    await database.end();
  });
  await listen(server, environment.port);
  log.info("listening", { port: environment.port, release: environment.release });
}

/** Says its release four times a second to whoever opens a websocket (RFC 6455: an unmasked text frame each). */
function tellOverWebsockets(server: Server, release: string): void {
  server.on("upgrade", (request, socket) => {
    const accept = createHash("sha1").update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    const text = Buffer.from(release);
    const timer = setInterval(() => socket.write(Buffer.concat([Buffer.from([0x81, text.length]), text])), 250);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => clearInterval(timer));
  });
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => server.once("error", reject).listen(port, () => resolve()));
}

start().catch((cause: unknown) => {
  log.error(`cannot start: ${reason(cause)}`);
  process.exit(1);
});
