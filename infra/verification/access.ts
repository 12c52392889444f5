/** The credentials that a route is called with. */
export const credentials = [
  "no token",
  "a user's token",
  "an expired token",
  "a token with a changed signature",
] as const;
export type Credential = (typeof credentials)[number];

export type Route = { method: string; path: string; isAdminOnly: boolean; body?: unknown };

export type Asked = { route: Route; credential: Credential; status: number };

const refusals: readonly number[] = [401, 403];

/**
 * Which box each answer fails. A route that answers without a valid token lacks authentication: that it answers users too is the same
 * fault, not a second one.
 */
export function judgeAccess(asked: readonly Asked[]): {
  authentication: string[];
  reading: string[];
  writing: string[];
} {
  const found = { authentication: [] as string[], reading: [] as string[], writing: [] as string[] };
  const isOpen = (row: Asked) => !refusals.includes(row.status);
  const strangers = asked.filter((row) => row.credential !== "a user's token" && isOpen(row));
  const openRoutes = new Set(strangers.map((row) => row.route));
  for (const row of strangers) found.authentication.push(sentence(row));
  for (const row of asked) {
    if (row.credential !== "a user's token" || !row.route.isAdminOnly || !isOpen(row) || openRoutes.has(row.route))
      continue;
    found[row.route.method === "GET" ? "reading" : "writing"].push(sentence(row));
  }
  return found;
}

function sentence({ route, credential, status }: Asked): string {
  return `${route.method} ${route.path} with ${credential} answered ${status}; expected 401 or 403`;
}
