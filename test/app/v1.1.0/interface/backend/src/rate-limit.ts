import type { RequestHandler } from "express";
import { ApiError } from "./errors.js";
import { log, reason } from "./log.js";
import type { RedisLink } from "./redis.js";

const windowSeconds = 15 * 60;

/** Counts every request of a client, health checks too, in fixed windows that all copies of the process share. */
export function rateLimit({ client }: RedisLink, max: number): RequestHandler {
  let isCounting = true;
  return async (request, response, next) => {
    const now = Math.floor(Date.now() / 1000);
    const window = Math.floor(now / windowSeconds);
    const key = `rate:${request.ip}:${window}`;
    const count = await client.multi().incr(key).expire(key, windowSeconds).exec().then(
      (results) => Number(results?.[0]?.[1] ?? 0),
      (cause) => {
        // Without Redis everybody passes: an open limit for a while is better than no service.
        if (isCounting) log.warn("requests are not counted", { reason: reason(cause) });
        return undefined;
      },
    );
    isCounting = count !== undefined;
    if (count !== undefined) {
      response.set("RateLimit-Limit", String(max)).set("RateLimit-Remaining", String(Math.max(0, max - count)));
      if (count > max) {
        response.set("Retry-After", String((window + 1) * windowSeconds - now));
        throw new ApiError(429, "RATE_LIMITED", `More than ${max} requests in 15 minutes`);
      }
    }
    next();
  };
}
