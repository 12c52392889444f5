import type { Session, User } from "@prompt-library/shared";
import { type Request, Router } from "express";
import { bearerToken, currentUser, requireUser } from "../access.js";
import { text } from "../body.js";
import { ApiError, badRequest } from "../errors.js";
import { hashPassword, passwordMatches } from "../passwords.js";
import type { Services } from "../services.js";

export function authRoutes(services: Services): Router {
  const { users, sessions, tokens } = services;

  async function openSession({ id, email, role }: User): Promise<Session> {
    const { token, expiresAt } = await tokens.sign(id);
    await sessions.open(id, token, expiresAt);
    return { token, user: { id, email, role } };
  }

  return Router()
    .post("/register", async (request, response) => {
      const email = address(request);
      const user = await users.register(email, await hashPassword(text(request, "password", { min: 8, max: 200 })));
      if (!user) throw new ApiError(409, "EMAIL_TAKEN", "There is an account with this address");
      response.status(201).json({ data: await openSession(user) });
    })
    .post("/login", async (request, response) => {
      const account = await users.findByEmail(address(request));
      const matches = await passwordMatches(text(request, "password", { max: 200 }), account?.password_hash);
      if (!account?.is_active || !matches) throw new ApiError(401, "INVALID_CREDENTIALS", "Address or password is wrong");
      response.json({ data: await openSession(account) });
    })
    .get("/me", requireUser(services), (request, response) => {
      response.json({ data: currentUser(request) });
    })
    .post("/logout", requireUser(services), async (request, response) => {
      await sessions.close(bearerToken(request.headers.authorization) ?? "");
      response.status(204).end();
    });
}

function address(request: Request): string {
  const email = text(request, "email", { max: 255 }).toLowerCase();
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) throw badRequest("email must be an address");
  return email;
}
