import type { RequestHandler } from "express";

/** The pages may lie under another origin than the API; only theirs is let in. */
export const allowOrigin =
  (origin: string): RequestHandler =>
  (request, response, next) => {
    response.vary("Origin");
    if (request.headers.origin === origin) {
      response.set("Access-Control-Allow-Origin", origin);
      response.set("Access-Control-Allow-Headers", "authorization, content-type");
      response.set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE");
    }
    if (request.method === "OPTIONS") response.status(204).end();
    else next();
  };
