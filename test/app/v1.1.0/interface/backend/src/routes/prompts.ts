import { Router } from "express";
import { currentUser, requireUser } from "../access.js";
import { text } from "../body.js";
import type { Services } from "../services.js";

export function promptRoutes(services: Services): Router {
  const { prompts } = services;
  return Router()
    .use(requireUser(services))
    .get("/", async (request, response) => {
      response.json({ data: await prompts.visibleTo(currentUser(request).id) });
    })
    .post("/", async (request, response) => {
      const prompt = {
        title: text(request, "title", { max: 255 }),
        content: text(request, "content", { max: 100_000 }),
        is_public: request.body.is_public === true,
      };
      response.status(201).json({ data: await prompts.create(currentUser(request).id, prompt) });
    });
}
