import type { Provider } from "@prompt-library/shared";
import { type Request, Router } from "express";
import { currentUser, requireUser } from "../access.js";
import { filledObject, identity, text } from "../body.js";
import { decryptCredentials, encryptCredentials } from "../credentials.js";
import { ApiError, badRequest, notFound } from "../errors.js";
import type { Services } from "../services.js";

export function connectionRoutes(services: Services): Router {
  const { connections, providers, probe, environment } = services;

  /** By `provider_id`; by `provider`, its identifier, where a page of the release before this one is still open. */
  async function chosenProvider(request: Request): Promise<Provider> {
    const { provider_id: id, provider: identifier } = request.body ?? {};
    const provider =
      id === undefined && typeof identifier === "string"
        ? await providers.findByIdentifier(identifier)
        : await providers.find(identity(id, "provider_id"));
    if (provider?.status !== "active") throw badRequest("provider_id must be that of a provider on offer");
    return provider;
  }

  return Router()
    .use(requireUser(services))
    .get("/", async (request, response) => {
      response.json({ data: await connections.of(currentUser(request).id) });
    })
    .post("/", async (request, response) => {
      const name = text(request, "name", { max: 255 });
      const provider = await chosenProvider(request);
      const credentials = filledObject(request, request.body.credentials === undefined ? "config" : "credentials");
      const encrypted = encryptCredentials(environment.encryptionKey, credentials);
      response.status(201).json({ data: await connections.create(currentUser(request).id, name, provider, encrypted) });
    })
    .post("/:id/test", async (request, response) => {
      const connection = await connections.find(currentUser(request).id, identity(request.params.id, "id"));
      if (!connection) throw notFound("This connection");
      const provider = connection.provider_id
        ? await providers.find(connection.provider_id)
        : await providers.findByIdentifier(connection.provider);
      if (!provider) throw new ApiError(409, "PROVIDER_GONE", "The provider of this connection no longer exists");
      const result = await probe(provider, readKey(connection.encrypted_config));
      await connections.recordTest(connection.id, result.success);
      response.json({ data: result });
    })
    .delete("/:id", async (request, response) => {
      const isRemoved = await connections.remove(currentUser(request).id, identity(request.params.id, "id"));
      if (!isRemoved) throw notFound("This connection");
      response.status(204).end();
    });

  function readKey(encrypted: string): string {
    try {
      const { api_key, apiKey, access_token } = decryptCredentials(environment.encryptionKey, encrypted);
      return String(api_key ?? apiKey ?? access_token ?? "");
    } catch {
      throw new ApiError(409, "CREDENTIALS_UNREADABLE", "These credentials were encrypted with another key: enter them again");
    }
  }
}
