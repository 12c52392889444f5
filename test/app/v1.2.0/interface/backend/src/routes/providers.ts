import { Router } from "express";
import { requireUser } from "../access.js";
import type { Services } from "../services.js";

/** What users may connect to. */
export const providerRoutes = (services: Services): Router =>
  Router()
    .use(requireUser(services))
    .get("/", async (_request, response) => {
      response.json({ data: await services.registry.offered() });
    });
