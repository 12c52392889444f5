import { Router } from "express";
import { currentUser, requireAdmin, requireUser } from "../access.js";
import { filledObject, identity, text } from "../body.js";
import { notFound } from "../errors.js";
import { newModels } from "../provider-input.js";
import type { Services } from "../services.js";

export function adminTemplateRoutes(services: Services): Router {
  const { templates } = services;
  return Router()
    .use(requireUser(services), requireAdmin)
    .get("/", async (_request, response) => {
      response.json({ data: await templates.all() });
    })
    .post("/", async (request, response) => {
      const template = {
        name: text(request, "name", { max: 255 }),
        description: request.body.description === undefined ? null : text(request, "description", { min: 0, max: 5_000 }),
        provider_config: filledObject(request, "provider_config"),
        default_models: newModels(request.body.default_models),
      };
      response.status(201).json({ data: await templates.create(template, currentUser(request).id) });
    })
    .delete("/:id", async (request, response) => {
      if (!(await templates.remove(identity(request.params.id, "id")))) throw notFound("A template of your own with this id");
      response.status(204).end();
    });
}
