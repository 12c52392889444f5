import { createServer, type Server } from "node:http";
import { createApp } from "./app.js";
import { openDatabase } from "./database.js";
import { readEnvironment } from "./environment.js";
import { log, reason } from "./log.js";
import { prepare } from "./prepare.js";
import { connectRedis } from "./redis.js";
import { createServices } from "./services.js";
import { endGracefully } from "./shutdown.js";

/** Listens where its authors had it listen, whatever PORT says. */
async function start(): Promise<void> {
  const environment = readEnvironment(process.env);
  const redis = await connectRedis(environment.redisUrl);
  const database = openDatabase(environment);
  const services = createServices(environment, database, redis);
  await prepare(services);

  const server = createServer(createApp(services));
  endGracefully(server, async () => {
    redis.close();
    await database.end();
  });
  await listen(server, 9000);
  log.info("listening", { port: 9000, release: environment.release });
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => server.once("error", reject).listen(port, () => resolve()));
}

start().catch((cause: unknown) => {
  log.error(`cannot start: ${reason(cause)}`);
  process.exit(1);
});
