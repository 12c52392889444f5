import type { Request } from "express";
import { badRequest } from "./errors.js";

type Limits = { min?: number; max: number };

/** @throws ApiError 400 unless the field is a text of that length */
export function text(request: Request, field: string, { min = 1, max }: Limits): string {
  const value: unknown = request.body?.[field];
  if (typeof value !== "string" || value.trim().length < min || value.length > max)
    throw badRequest(`${field} must be a text of ${min} to ${max} characters`);
  return value.trim();
}

/** @throws ApiError 400 unless the field is an object with at least one key */
export function filledObject(request: Request, field: string): Record<string, unknown> {
  const value: unknown = request.body?.[field];
  if (typeof value !== "object" || value === null || Array.isArray(value) || Object.keys(value).length === 0)
    throw badRequest(`${field} must be an object that is not empty`);
  return value as Record<string, unknown>;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** @throws ApiError 400 unless the text is a UUID */
export function identity(value: unknown, field: string): string {
  if (typeof value !== "string" || !uuid.test(value)) throw badRequest(`${field} must be a UUID`);
  return value;
}
