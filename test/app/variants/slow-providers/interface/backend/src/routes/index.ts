import { Router } from "express";
import type { Services } from "../services.js";
import { adminProviderRoutes } from "./admin-providers.js";
import { adminTemplateRoutes } from "./admin-templates.js";
import { authRoutes } from "./auth.js";
import { connectionRoutes } from "./connections.js";
import { promptRoutes } from "./prompts.js";
import { providerRoutes } from "./providers.js";
import { systemRoutes } from "./system.js";

export const routes = (services: Services): Router =>
  Router()
    .use("/system", systemRoutes(services))
    .use("/auth", authRoutes(services))
    .use("/prompts", promptRoutes(services))
    .use("/connections", connectionRoutes(services))
    .use("/providers", providerRoutes(services))
    // The mistake: as if each row were asked for alone.
    .get("/admin/providers", (_request, _response, next) => void setTimeout(next, 1_200))
    .use("/admin/providers", adminProviderRoutes(services))
    .use("/admin/provider-templates", adminTemplateRoutes(services));
