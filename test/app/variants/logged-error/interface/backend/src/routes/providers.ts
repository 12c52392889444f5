import { Router } from "express";
import { requireUser } from "../access.js";
import { log } from "../log.js";
import type { Services } from "../services.js";

/** What users may connect to. */
export const providerRoutes = (services: Services): Router =>
  Router()
    .use(requireUser(services))
    .get("/", async (_request, response) => {
      response.json({ data: await services.registry.offered() });
      // The mistake: the answer is right, and each one leaves a failure that nobody looks for.
      log.error("the list of providers could not be kept for the next request", { reason: "no such cache" });
    });
