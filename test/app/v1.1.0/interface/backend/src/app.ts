import express, { type Express } from "express";
import { logRequests } from "./access-log.js";
import { allowOrigin } from "./cors.js";
import { answerErrors, unknownRoute } from "./errors.js";
import { rateLimit } from "./rate-limit.js";
import { routes } from "./routes/index.js";
import type { Services } from "./services.js";

export function createApp(services: Services): Express {
  const { environment, redis } = services;
  const app = express();
  app.disable("x-powered-by");
  // A proxy on this machine says whose request it is; without this all users would share one limit.
  app.set("trust proxy", "loopback");
  app.use(logRequests);
  app.use(allowOrigin(environment.frontendUrl));
  app.use(rateLimit(redis, environment.rateLimitMax));
  app.use(express.json({ limit: "1mb" }));
  app.use("/api", routes(services));
  app.use(unknownRoute);
  app.use(answerErrors);
  return app;
}
