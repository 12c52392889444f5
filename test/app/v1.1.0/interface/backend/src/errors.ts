import type { ErrorRequestHandler, RequestHandler } from "express";
import { log, reason } from "./log.js";

/** An answer other than success: `{error: {code, message}}`. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export const badRequest = (message: string) => new ApiError(400, "VALIDATION_ERROR", message);
export const notFound = (what: string) => new ApiError(404, "NOT_FOUND", `${what} does not exist`);

export const unknownRoute: RequestHandler = (request) => {
  throw notFound(`${request.method} ${request.path}`);
};

export const answerErrors: ErrorRequestHandler = (cause, request, response, next) => {
  if (response.headersSent) return next(cause);
  const status = cause instanceof ApiError ? cause.status : clientMistake(cause);
  if (status === undefined) {
    log.error("a request failed", { method: request.method, path: request.path, reason: reason(cause) });
    response.status(500).json({ error: { code: "INTERNAL_ERROR", message: "The server could not answer this request" } });
  } else {
    const code = cause instanceof ApiError ? cause.code : "BAD_REQUEST";
    response.status(status).json({ error: { code, message: reason(cause) } });
  }
};

/** The status that Express's own parsers give to a malformed or too large request. */
function clientMistake(cause: unknown): number | undefined {
  const status = cause instanceof Error && "status" in cause ? cause.status : undefined;
  return typeof status === "number" && status >= 400 && status < 500 ? status : undefined;
}
