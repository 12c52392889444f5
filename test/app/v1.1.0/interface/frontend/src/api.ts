import type { Failure } from "@prompt-library/shared";

/** Baked in at build time; without it the API lies under the pages' own origin. */
const origin = (import.meta.env.VITE_API_URL ?? "").replace(/\/$/, "");

export const session = {
  token: () => localStorage.getItem("token"),
  open: (token: string) => localStorage.setItem("token", token),
  close: () => localStorage.removeItem("token"),
};

/**
 * Calls the API and gives what it answers in `data`.
 * @throws Error with the API's own message
 */
export async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const token = session.token();
  const response = await fetch(`${origin}/api${path}`, {
    method,
    headers: {
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (response.status === 204) return undefined as T;
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok) return (answer as { data: T }).data;
  if (response.status === 401) session.close();
  throw new Error((answer as Failure | undefined)?.error.message ?? `The server answered ${response.status}`);
}
