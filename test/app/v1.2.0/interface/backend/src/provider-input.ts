import type { Request } from "express";
import { filledObject, text } from "./body.js";
import { encryptCredentials } from "./credentials.js";
import { badRequest } from "./errors.js";
import type { NewModel, ProviderValues } from "./stores/providers.js";

const authMethods = ["api_key", "oauth2", "aws_iam", "custom"];
const statuses = ["active", "inactive", "testing"];

/** @throws ApiError 400 */
export function identifier(request: Request, field: string, max: number): string {
  const value = text(request, field, { max });
  if (!/^[a-z0-9][a-z0-9._:/-]*$/i.test(value)) throw badRequest(`${field} must be letters, digits and . _ : / -`);
  return value;
}

/**
 * The fields that a request gives, `auth_config` encrypted.
 * @throws ApiError 400 naming the field that is wrong
 */
export function providerChanges(request: Request, encryptionKey: Buffer): Partial<ProviderValues> {
  const isGiven = (field: keyof ProviderValues) => request.body?.[field] !== undefined && request.body[field] !== null;
  return {
    ...(isGiven("name") && { name: text(request, "name", { max: 255 }) }),
    ...(isGiven("description") && { description: text(request, "description", { min: 0, max: 5_000 }) }),
    ...(isGiven("api_endpoint") && { api_endpoint: address(text(request, "api_endpoint", { max: 500 })) }),
    ...(isGiven("auth_method") && { auth_method: oneOf(request, "auth_method", authMethods) }),
    ...(isGiven("auth_config") && {
      auth_config: { encrypted: encryptCredentials(encryptionKey, filledObject(request, "auth_config")) },
    }),
    ...(isGiven("capabilities") && { capabilities: filledObject(request, "capabilities") }),
    ...(isGiven("status") && { status: oneOf(request, "status", statuses) }),
  };
}

/** @throws ApiError 400 */
export function newProvider(request: Request, encryptionKey: Buffer): ProviderValues {
  const changes = providerChanges(request, encryptionKey);
  if (changes.name === undefined || changes.api_endpoint === undefined)
    throw badRequest("identifier, name and api_endpoint are needed");
  return {
    description: null, auth_method: "api_key", auth_config: {}, capabilities: {}, status: "active",
    ...changes, name: changes.name, api_endpoint: changes.api_endpoint,
  };
}

/** @throws ApiError 400 */
export function newModels(value: unknown): NewModel[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw badRequest("models must be a list");
  return value.map((model: Partial<NewModel> | null) => {
    const { identifier: id, name = id, context_length = 4_096 } = model ?? {};
    if (typeof id !== "string" || !id || id.length > 100 || typeof name !== "string" || name.length > 255)
      throw badRequest("a model has an identifier (at most 100 characters) and a name (at most 255)");
    if (!Number.isInteger(context_length) || context_length < 1) throw badRequest("context_length must be a number of tokens");
    return { identifier: id, name, context_length };
  });
}

function oneOf(request: Request, field: string, values: readonly string[]): string {
  const value = text(request, field, { max: 50 });
  if (!values.includes(value)) throw badRequest(`${field} must be one of ${values.join(", ")}`);
  return value;
}

function address(value: string): string {
  if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol)) throw badRequest("api_endpoint must be an http or https address");
  return value;
}
