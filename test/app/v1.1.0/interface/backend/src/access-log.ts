import type { RequestHandler } from "express";
import { log } from "./log.js";

/** One line a request, without its query and body; health checks that succeed are left out. */
export const logRequests: RequestHandler = (request, response, next) => {
  const startedAt = performance.now();
  response.on("close", () => {
    if (request.path === "/api/system/health" && response.statusCode === 200) return;
    log.info("request", {
      method: request.method,
      path: request.path,
      status: response.writableFinished ? response.statusCode : "closed by the client",
      ms: Math.round(performance.now() - startedAt),
    });
  });
  next();
};
