import type { RequestHandler } from "express";
import type { Services } from "./services.js";

/** For load balancers: asks nothing but whether this process can do its work. PostgreSQL is `status`'s business. */
export const health =
  ({ environment, redis }: Services): RequestHandler =>
  (_request, response) => {
    const isHealthy = !redis.isGone();
    response.status(isHealthy ? 200 : 503).json({
      status: isHealthy ? "healthy" : "unhealthy",
      version: environment.release,
      commit: environment.commit,
      uptime: Math.round(process.uptime()),
    });
  };
