import { randomBytes } from "node:crypto";
import { expectStatus, type ListedObject, oneOf, textOf } from "./application";
import { fillBody } from "./body";
import type { Round } from "./round";

export type Made = { row: ListedObject; name: string; path: string; status: number };

/** A random key in a provider's format, valid nowhere. */
export function canaryKey(): string {
  return `sk-deployment-check-${randomBytes(16).toString("hex")}`;
}

/** Creates a provider, works with it, and removes it in any case. */
export async function withProvider<T>(
  round: Round,
  body: (name: string) => unknown,
  work: (made: Made) => Promise<T>,
): Promise<T> {
  return withMade(round, "providers", body, work);
}

/** Creates a connection for the check account, works with it, and removes it in any case. */
export async function withConnection<T>(round: Round, key: string, work: (made: Made) => Promise<T>): Promise<T> {
  const { verification, app } = round.subject.settings;
  const provider = round.knowsProviders
    ? await offeredProvider(round)
    : { provider: app.systemProviders[0] ?? "", providerId: "" };
  const template = round.knowsProviders ? verification.connection : verification.fixedConnection;
  return withMade(round, "connections", (name) => fillBody(template, { ...provider, name, key }), work);
}

/** An active provider, a system provider if there is one. */
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
  kind: "providers" | "connections",
  body: (name: string) => unknown,
  work: (made: Made) => Promise<T>,
): Promise<T> {
  const route = round.application.routes[kind];
  const who = kind === "providers" ? "admin" : "user";
  const name = round.newName();
  let path: string | undefined;
  let result: T;
  try {
    const answer = await round.application.ask("POST", route, { token: await round.token(who), body: body(name) });
    expectStatus(answer, `POST ${route}`, [200, 201]);
    const row = oneOf(answer, kind.slice(0, -1));
    const id = textOf(row, "id");
    if (id === "") throw new Error(`POST ${route} answered ${answer.status} without an id`);
    path = `${route}/${id}`;
    result = await work({ row, name, path, status: answer.status });
  } catch (error) {
    // An answer of another shape, or none, says nothing of what was stored.
    await (path === undefined ? round.removeNamed(kind, name) : round.remove(who, path)).catch((trouble: unknown) =>
      round.subject.progress(trouble instanceof Error ? trouble.message : String(trouble)),
    );
    throw error;
  }
  await round.remove(who, path);
  return result;
}
