import { Router } from "express";
import { currentUser, requireUser } from "../access.js";
import { filledObject, identity, text } from "../body.js";
import { encryptCredentials } from "../credentials.js";
import { badRequest, notFound } from "../errors.js";
import type { Services } from "../services.js";

const providers = ["openai", "bedrock", "anthropic", "microsoft-copilot"];

export function connectionRoutes(services: Services): Router {
  const { connections, environment } = services;
  return Router()
    .use(requireUser(services))
    .get("/", async (request, response) => {
      response.json({ data: await connections.of(currentUser(request).id) });
    })
    .post("/", async (request, response) => {
      const name = text(request, "name", { max: 255 });
      const provider = text(request, "provider", { max: 50 });
      if (!providers.includes(provider)) throw badRequest(`provider must be one of ${providers.join(", ")}`);
      const config = encryptCredentials(environment.encryptionKey, filledObject(request, "config"));
      response.status(201).json({ data: await connections.create(currentUser(request).id, name, provider, config) });
    })
    .delete("/:id", async (request, response) => {
      const isRemoved = await connections.remove(currentUser(request).id, identity(request.params.id, "id"));
      if (!isRemoved) throw notFound("This connection");
      response.status(204).end();
    });
}
