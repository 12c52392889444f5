import { Router } from "express";
import { requireUser } from "../access.js";
import { health } from "../health.js";
import type { Services } from "../services.js";

export function systemRoutes(services: Services): Router {
  const { database, redis, environment } = services;
  return Router()
    .get("/health", health(services))
    .get("/status", requireUser(services), async (_request, response) => {
      const [databaseMs, redisMs] = await Promise.all([
        elapsed(() => database.query("SELECT 1")),
        elapsed(() => redis.client.ping()),
      ]);
      const isWhole = databaseMs !== undefined && redisMs !== undefined;
      response.json({
        data: {
          status: isWhole ? "healthy" : "degraded",
          version: environment.release,
          uptime: Math.round(process.uptime()),
          database: {
            connected: databaseMs !== undefined,
            ms: databaseMs,
            pool: { total: database.totalCount, idle: database.idleCount, waiting: database.waitingCount },
          },
          redis: { connected: redisMs !== undefined, ms: redisMs },
          memory: { rss_bytes: process.memoryUsage.rss() },
        },
      });
    });
}

/** Milliseconds; undefined when it failed. */
async function elapsed(work: () => Promise<unknown>): Promise<number | undefined> {
  const startedAt = performance.now();
  return work().then(
    () => Math.round(performance.now() - startedAt),
    () => undefined,
  );
}
