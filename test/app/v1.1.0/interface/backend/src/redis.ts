import { Redis } from "ioredis";
import { log, reason } from "./log.js";

const goneAfterMs = 3_000;

export type RedisLink = { client: Redis; isGone: () => boolean; close: () => void };

/**
 * Connects and keeps watching. Once Redis has been away for 3 s the process counts as unhealthy until it is restarted: its
 * rate limits were open for so long that an operator should look.
 * @throws Error when Redis doesn't answer within 3 s
 */
export async function connectRedis(url: string): Promise<RedisLink> {
  let gone = false;
  let closing = false;
  let lastReason = "it did not answer";
  let timer: NodeJS.Timeout | undefined;

  const client = new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 1_000,
    commandTimeout: 1_000,
    retryStrategy: () => 200,
  });
  client.on("error", (cause) => {
    lastReason = reason(cause) || lastReason;
  });
  await ready(client, () => lastReason);

  client.on("close", () => {
    if (closing || timer || gone) return;
    log.warn("Redis closed the connection");
    timer = setTimeout(() => {
      gone = true;
      log.error("Redis has been gone for 3 s: health answers 503 until a restart", { reason: lastReason });
    }, goneAfterMs).unref();
  });
  client.on("ready", () => {
    clearTimeout(timer);
    timer = undefined;
    log.info("Redis is back");
  });

  return {
    client,
    isGone: () => gone,
    close: () => {
      closing = true;
      clearTimeout(timer);
      client.disconnect();
    },
  };
}

function ready(client: Redis, lastReason: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      client.disconnect();
      reject(new Error(`Redis (REDIS_URL): ${lastReason()}`));
    }, goneAfterMs);
    client.once("ready", () => {
      clearTimeout(timer);
      resolve();
    });
    // Refused at first is no end: it is tried again until the time above is over.
    client.connect().catch(() => undefined);
  });
}
