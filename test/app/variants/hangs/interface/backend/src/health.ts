import type { RequestHandler } from "express";
import type { Services } from "./services.js";

/** Listens, and never answers: as a release does that waits for something which doesn't come. */
export const health =
  (_services: Services): RequestHandler =>
  () => {};
