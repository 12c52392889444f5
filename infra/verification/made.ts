import { randomBytes } from "node:crypto";
import { expectStatus, type ListedObject, oneOf, textOf } from "./application";
import { fillBody } from "./body";
import type { Round } from "./round";

export type Made = { row: ListedObject; name: string; path: string; status: number };

/** A key in the shape of a provider's, known to nobody and good for nothing. */
export function canaryKey(): string {
  return `sk-deployment-check-${randomBytes(16).toString("hex")}`;
}

/** Makes a provider, works with it, and removes it, whatever happened. */
export async function withProvider<T>(
  round: Round,
  body: (name: string) => unknown,
  work: (made: Made) => Promise<T>,
): Promise<T> {
  return withMade(round, "admin", round.application.routes.providers, "provider", body, work);
}

/** Makes a connection of the check's own user, works with it, and removes it, whatever happened. */
export async function withConnection<T>(round: Round, key: string, work: (made: Made) => Promise<T>): Promise<T> {
  const { verification, app } = round.subject.settings;
  const provider = round.knowsProviders
    ? await offeredProvider(round)
    : { provider: app.systemProviders[0] ?? "", providerId: "" };
  const template = round.knowsProviders ? verification.connection : verification.fixedConnection;
  return withMade(
    round,
    "user",
    round.application.routes.connections,
    "connection",
    (name) => fillBody(template, { ...provider, name, key }),
    work,
  );
}

/** A provider that the release offers, of the system's own. */
async function offeredProvider(round: Round): Promise<{ provider: string; providerId: string }> {
  const rows = (await round.providers()).filter(
    (row) => textOf(row, "status") === "active" || row.status === undefined,
  );
  const chosen = rows.find(isSystem) ?? rows[0];
  if (chosen === undefined) throw new Error("no provider is active, so there is none to connect to");
  return { provider: textOf(chosen, "identifier"), providerId: textOf(chosen, "id") };
}

export function isSystem(row: ListedObject): boolean {
  return (row.is_system ?? row.isSystem) === true;
}

async function withMade<T>(
  round: Round,
  who: "admin" | "user",
  route: string,
  what: string,
  body: (name: string) => unknown,
  work: (made: Made) => Promise<T>,
): Promise<T> {
  const name = round.newName();
  const answer = await round.application.ask("POST", route, { token: await round.token(who), body: body(name) });
  expectStatus(answer, `POST ${route}`, [200, 201]);
  const row = oneOf(answer, what);
  const path = `${route}/${textOf(row, "id")}`;
  let result: T;
  try {
    result = await work({ row, name, path, status: answer.status });
  } catch (error) {
    await round
      .remove(who, path)
      .catch((trouble: unknown) =>
        round.subject.progress(trouble instanceof Error ? trouble.message : String(trouble)),
      );
    throw error;
  }
  await round.remove(who, path);
  return result;
}
