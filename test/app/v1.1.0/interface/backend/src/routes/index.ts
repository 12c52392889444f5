import { Router } from "express";
import type { Services } from "../services.js";
import { authRoutes } from "./auth.js";
import { connectionRoutes } from "./connections.js";
import { promptRoutes } from "./prompts.js";
import { systemRoutes } from "./system.js";

export const routes = (services: Services): Router =>
  Router()
    .use("/system", systemRoutes(services))
    .use("/auth", authRoutes(services))
    .use("/prompts", promptRoutes(services))
    .use("/connections", connectionRoutes(services));
