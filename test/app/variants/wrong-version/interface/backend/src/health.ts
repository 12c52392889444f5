import type { RequestHandler } from "express";
import type { Services } from "./services.js";

/** Another release than its tag says: somebody tagged the wrong commit. */
export const health =
  (_services: Services): RequestHandler =>
  (_request, response) => {
    response.json({ status: "healthy", version: "v1.1.0" });
  };
