import type { Proof } from "../checklist/result";
import { type Asked, type Credential, credentials, judgeAccess, type Route } from "./access";
import { fillBody } from "./body";
import { disguises, expectNothingFound, keysInTheClear, searchEverywhere } from "./cleartext";
import { canaryKey, withConnection, withProvider } from "./made";
import { maker, type Round } from "./round";
import { expiredTwin, withChangedSignature } from "./tokens";

/** Well formed but unused: a route that wrongly accepts the request must have nothing to change. */
const nobodysId = "00000000-0000-4000-8000-000000000000";

/** Calls every guarded route with every credential, once for the three boxes that judge the answers. */
export function accessChecks() {
  const known = new WeakMap<Round, Promise<{ asked: Asked[]; left: string[] }>>();
  const matrix = (round: Round) => {
    const asking = known.get(round) ?? askEverywhere(round);
    known.set(round, asking);
    return asking;
  };
  const judged = (part: keyof ReturnType<typeof judgeAccess>) => async (round: Round) => {
    const { asked, left } = await matrix(round);
    const found = judgeAccess(asked)[part];
    if (found.length > 0) throw new Error(found.join("; "));
    const routes = new Set(asked.map((row) => row.route));
    return `${asked.length} requests to ${routes.size} routes with ${credentials.filter((one) => asked.some((row) => row.credential === one)).join(", ")}: no access that should be denied${left.map((row) => `; ${row}`).join("")}`;
  };
  return {
    onlyAdminsManage: judged("reading"),
    usersCannotModify: judged("writing"),
    endpointsNeedAuthentication: judged("authentication"),
  };
}

async function askEverywhere(round: Round): Promise<{ asked: Asked[]; left: string[] }> {
  const tokens = new Map<Credential, string | undefined>([["no token", undefined]]);
  const [user, strongest] = [await round.token("user"), await round.token(round.knowsProviders ? "admin" : "user")];
  tokens.set("a user's token", user);
  // Broken tokens are made from the one with the most rights: only then a rejection shows that the break was noticed.
  tokens.set("a token with a changed signature", withChangedSignature(strongest));
  const { verification, secrets } = round.subject.settings;
  const expired = expiredTwin(strongest, secrets.app[verification.tokenSecret] ?? "");
  if (expired !== undefined) tokens.set("an expired token", expired);
  const asked: Asked[] = [];
  for (const route of guardedRoutes(round))
    for (const [credential, token] of tokens) {
      if (credential === "a user's token" && !route.isAdminOnly) continue;
      const answer = await round.application.ask(route.method, route.path, {
        ...(token === undefined ? {} : { token }),
        ...(route.body === undefined ? {} : { body: route.body }),
      });
      asked.push({ route, credential, status: answer.status });
      const isMaking = route.method === "POST" && route.path === round.application.routes.providers;
      if (isMaking && ![401, 403].includes(answer.status)) await round.removeNamed("providers", `${maker}-`);
    }
  return { asked, left: expired === undefined ? ["no expired token could be made (verification.tokenSecret)"] : [] };
}

function guardedRoutes(round: Round): Route[] {
  const { routes } = round.application;
  const users: Route[] = [routes.status, routes.connections].map((path) => ({
    method: "GET",
    path,
    isAdminOnly: false,
  }));
  if (!round.knowsProviders) return users;
  const admins = (method: string, path: string, body?: unknown): Route => ({
    method,
    path,
    isAdminOnly: true,
    ...(body === undefined ? {} : { body }),
  });
  const provider = fillBody(round.subject.settings.verification.customProvider, {
    name: round.newName(),
    key: canaryKey(),
  });
  return [
    ...users,
    { method: "GET", path: routes.offeredProviders, isAdminOnly: false },
    ...[routes.providers, routes.providerTemplates, routes.registryStatus].map((path) => admins("GET", path)),
    admins("POST", routes.providers, provider),
    admins("PUT", `${routes.providers}/${nobodysId}`, { name: maker }),
    admins("DELETE", `${routes.providers}/${nobodysId}`),
    admins("POST", `${routes.providers}/${nobodysId}/test`),
    admins("POST", routes.providerTemplates, {}),
    admins("POST", routes.registryRefresh),
  ];
}

/** The checklist's own query, over whatever was stored before this check: keys that begin as providers' do. */
export async function nothingInTheClear(round: Round): Promise<Proof> {
  const { rows, looked, found } = await round.database(keysInTheClear);
  const files = await round.subject.searchFiles(["(^|[^A-Za-z0-9])sk-[A-Za-z0-9_-]{16,}"]);
  const clear = [...found, ...files.found];
  if (clear.length > 0) throw new Error(`keys that begin with sk- are unencrypted in ${clear.join(", ")}`);
  const where = [...looked, ...(files.searched > 0 ? [`${files.searched} files of the shared directories`] : [])];
  if (rows + files.searched === 0)
    return {
      result: "not needed",
      reason: `nothing is stored yet: ${where.join(", ") || "no column for credentials"}`,
    };
  return `no key that begins with sk- in ${where.join(", ")}`;
}

/** A unique key, stored through the API, must be found nowhere, neither in plain text nor merely encoded. */
export async function canaryNotFound(round: Round): Promise<string> {
  const canary = canaryKey();
  const search = async () => {
    const { tables, found } = await round.database((client) => searchEverywhere(client, canary));
    const files = await round.subject.searchFiles(
      disguises(canary).map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")),
    );
    return { tables, files: files.searched, found: [...found, ...files.found] };
  };
  const throughConnection = await withConnection(round, canary, search);
  expectNothingFound(throughConnection, "a connection");
  let places = throughConnection;
  if (round.knowsProviders) {
    const body = (name: string) => fillBody(round.subject.settings.verification.customProvider, { name, key: canary });
    const throughProvider = await withProvider(round, body, search);
    expectNothingFound(throughProvider, "a provider");
    places = throughProvider;
  }
  const said = (await round.subject.backend.journal()).filter(({ message }) => message.includes(canary));
  if (said.length > 0)
    throw new Error(`the backend wrote the key of a connection or provider to its journal, in ${said.length} lines`);
  return `a key stored through the API was found in none of ${places.tables} tables${places.files > 0 ? ` and ${places.files} files of the shared directories` : ""}, neither in plain text nor in base64 or hexadecimal, and not in the journal`;
}
