import type { Provider } from "@prompt-library/shared";
import { type Request, Router } from "express";
import { currentUser, requireAdmin, requireUser } from "../access.js";
import { identity } from "../body.js";
import { ApiError, badRequest, notFound } from "../errors.js";
import { identifier, newModels, newProvider, providerChanges } from "../provider-input.js";
import type { Services } from "../services.js";

export function adminProviderRoutes(services: Services): Router {
  const { providers, registry, probe, environment: { encryptionKey } } = services;

  async function requested(request: Request): Promise<Provider> {
    const provider = await providers.find(identity(request.params.id, "id"));
    if (!provider) throw notFound("This provider");
    return provider;
  }

  return Router()
    .use(requireUser(services), requireAdmin)
    .get("/", async ({ query }, response) => {
      if (query.isSystem !== undefined && query.isSystem !== "true" && query.isSystem !== "false")
        throw badRequest("isSystem must be true or false");
      response.json({ data: await providers.all(query.isSystem === undefined ? {} : { isSystem: query.isSystem === "true" }) });
    })
    .get("/registry-status", async (_request, response) => {
      response.json({ data: await registry.status() });
    })
    .post("/refresh-registry", async (_request, response) => {
      response.json({ data: await registry.refresh() });
    })
    .get("/:id", async (request, response) => {
      response.json({ data: await requested(request) });
    })
    .post("/", async (request, response) => {
      const id = await providers.create(
        identifier(request, "identifier", 50),
        newProvider(request, encryptionKey),
        newModels(request.body.models),
        currentUser(request).id,
      );
      if (!id) throw new ApiError(409, "IDENTIFIER_TAKEN", "There is a provider with this identifier");
      await registry.refresh();
      response.status(201).json({ data: await providers.find(id) });
    })
    .put("/:id", async (request, response) => {
      const { id } = await requested(request);
      await providers.update(id, providerChanges(request, encryptionKey));
      await registry.refresh();
      response.json({ data: await providers.find(id) });
    })
    .delete("/:id", async (request, response) => {
      const { id, is_system } = await requested(request);
      if (is_system) throw new ApiError(409, "SYSTEM_PROVIDER", "A system provider can be made inactive but not removed");
      await providers.remove(id);
      await registry.refresh();
      response.status(204).end();
    })
    .post("/:id/test", async (request, response) => {
      const provider = await requested(request);
      const result = await probe(provider);
      await providers.recordTest(provider.id, result);
      await registry.refresh();
      response.json({ data: result });
    })
    .get("/:id/models", async (request, response) => {
      response.json({ data: (await requested(request)).models });
    })
    .post("/:id/models", async (request, response) => {
      const { id } = await requested(request);
      const [model] = newModels([request.body]);
      const added = model && (await providers.addModel(id, model));
      if (!added) throw new ApiError(409, "IDENTIFIER_TAKEN", "The provider has a model with this identifier");
      await registry.refresh();
      response.status(201).json({ data: added });
    });
}
