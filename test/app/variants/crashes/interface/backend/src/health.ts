import type { RequestHandler } from "express";
import type { Services } from "./services.js";

let isEnding = false;

/** Healthy as long as nobody but the deployment asks; ends a second after the first request under its public name. */
export const health =
  ({ environment }: Services): RequestHandler =>
  (request, response) => {
    response.json({ status: "healthy", version: environment.release });
    if (request.hostname !== new URL(environment.frontendUrl).hostname || isEnding) return;
    isEnding = true;
    setTimeout(() => {
      throw new Error("the pool of workers has no worker left");
    }, 1_000);
  };
