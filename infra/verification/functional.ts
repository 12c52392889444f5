import type { Proof } from "../checklist/result";
import { describe, expectStatus, field, type HttpAnswer, type ListedObject, listOf, textOf } from "./application";
import { fillBody } from "./body";
import { compareConnections, seeConnections } from "./existing-connections";
import { canaryKey, isSystem, withConnection, withProvider } from "./made";
import type { Round } from "./round";

export async function adminLogsIn(round: Round): Promise<Proof> {
  await round.token("admin");
  const { adminEmail } = round.subject.settings.verification;
  const seen = `${(await round.providers()).length} providers on the providers page`;
  return round.isGiven("admin") ? loginNotTried("secrets.adminToken", seen) : `${adminEmail} logs in; ${seen}`;
}

/** A token from config opens the page; that somebody can log in is not shown by it. */
function loginNotTried(secret: string, seen: string): Proof {
  return { result: "not yet", reason: `no login was tried: the token in ${secret} was used; ${seen}` };
}

/** The expected set exists, each with a name and marked as a system provider. */
export async function systemProvidersCreated(round: Round): Promise<string> {
  const expected = round.subject.settings.app.systemProviders;
  const rows = await round.providers();
  const missing = expected.filter(
    (identifier) =>
      !rows.some((row) => textOf(row, "identifier") === identifier && isSystem(row) && textOf(row, "name") !== ""),
  );
  if (missing.length > 0)
    throw new Error(
      `${missing.join(", ")} missing among the ${rows.length} providers, without a name, or not marked as a system provider`,
    );
  return `${expected.join(", ")} exist, with a name and marked as system providers`;
}

/** The admin sees every system provider of the database. */
export async function systemProvidersListed(round: Round): Promise<string> {
  const { rows: stored } = await round.database((client) =>
    client.query<{ identifier: string }>("select identifier from providers where is_system order by 1"),
  );
  const listed = new Set((await round.providers()).filter(isSystem).map((row) => textOf(row, "identifier")));
  if (stored.length === 0) throw new Error("the database has no system provider");
  const missing = stored.filter(({ identifier }) => !listed.has(identifier));
  if (missing.length > 0)
    throw new Error(`${missing.map((row) => row.identifier).join(", ")} missing from the list, though in the database`);
  return `all ${stored.length} system providers of the database are listed`;
}

export async function providersAnswer(round: Round): Promise<string> {
  const { providersNotTested } = round.subject.settings.verification;
  const rows = (await round.providers()).filter(
    (row) => isSystem(row) && !providersNotTested.includes(textOf(row, "identifier")),
  );
  if (rows.length === 0) throw new Error("there is no system provider to test");
  const said: string[] = [];
  const silent: string[] = [];
  for (const row of rows) {
    const path = `${round.application.routes.providers}/${textOf(row, "id")}/test`;
    const tested = judgeTest(round, await round.application.ask("POST", path, { token: await round.token("admin") }));
    (tested.isGood ? said : silent).push(`${textOf(row, "identifier")}: ${tested.words}`);
  }
  if (silent.length > 0) throw new Error(silent.join("; "));
  return [
    ...said,
    ...providersNotTested.map((identifier) => `${identifier}: not tested (verification.providersNotTested)`),
  ].join("; ");
}

export async function modelsPopulated(round: Round): Promise<string> {
  const rows = (await round.providers()).filter(isSystem);
  if (rows.length === 0) throw new Error("there is no system provider, so no models to look for");
  const counts: [string, number][] = [];
  for (const row of rows) counts.push([textOf(row, "identifier"), (await modelsOf(round, row)).length]);
  const empty = counts.filter(([, count]) => count === 0);
  if (empty.length > 0) throw new Error(`no models at ${empty.map(([identifier]) => identifier).join(", ")}`);
  return counts.map(([identifier, count]) => `${identifier} ${count}`).join(", ");
}

async function modelsOf(round: Round, row: ListedObject): Promise<unknown[]> {
  if (Array.isArray(row.models)) return row.models;
  const path = `${round.application.routes.providers}/${textOf(row, "id")}/models`;
  const answer = await round.application.ask("GET", path, { token: await round.token("admin") });
  expectStatus(answer, path, [200]);
  return listOf(answer, "models");
}

export async function customProvider(round: Round): Promise<string> {
  const body = (name: string) =>
    fillBody(round.subject.settings.verification.customProvider, { name, key: canaryKey() });
  return createdListedRemoved(round, body, "");
}

export async function templatesWork(round: Round): Promise<string> {
  const { providerTemplates } = round.application.routes;
  const answer = await round.application.ask("GET", providerTemplates, { token: await round.token("admin") });
  const [template] = listOf(answer, "templates");
  if (template === undefined) throw new Error("there is no template");
  const settings = field(template, "provider_config") ?? field(template, "providerConfig");
  const models = field(template, "default_models") ?? field(template, "defaultModels");
  const body = (name: string) => ({
    ...(settings as ListedObject),
    ...(models === undefined ? {} : { models }),
    identifier: name,
    name,
  });
  return createdListedRemoved(round, body, ` from template ${textOf(template, "name")}`);
}

async function createdListedRemoved(round: Round, body: (name: string) => unknown, how: string): Promise<string> {
  const isListed = async (name: string) => (await round.providers()).some((row) => textOf(row, "identifier") === name);
  const name = await withProvider(round, body, async (made) => {
    if (!(await isListed(made.name))) throw new Error(`${made.name} was created${how} but is not listed`);
    return made.name;
  });
  if (await isListed(name)) throw new Error(`${name} was removed but is still listed`);
  return `${name} created${how}, listed, removed, and no longer listed`;
}

export async function userLogsIn(round: Round): Promise<Proof> {
  const { connections } = round.application.routes;
  const token = await round.token("user");
  const seen = expectStatus(await round.application.ask("GET", connections, { token }), connections, [200]);
  const { checkEmail } = round.subject.settings.verification;
  return round.isGiven("user") ? loginNotTried("secrets.userToken", seen) : `${checkEmail} logs in; ${seen}`;
}

/** Users are offered every provider that is active in the database. */
export async function providersOffered(round: Round): Promise<string> {
  const { offeredProviders } = round.application.routes;
  const answer = await round.application.ask("GET", offeredProviders, { token: await round.token("user") });
  expectStatus(answer, offeredProviders, [200]);
  const offered = new Set(listOf(answer, "providers").map((row) => textOf(row, "identifier")));
  const { rows: active } = await round.database((client) =>
    client.query<{ identifier: string }>("select identifier from providers where status = 'active' order by 1"),
  );
  if (active.length === 0) throw new Error("the database has no active provider");
  const missing = active.filter(({ identifier }) => !offered.has(identifier));
  if (missing.length > 0)
    throw new Error(
      `users are not offered ${missing.map((row) => row.identifier).join(", ")}, though active in the database`,
    );
  return `users are offered ${[...offered].join(", ")}`;
}

export async function connectionCreated(round: Round): Promise<string> {
  const { connections } = round.application.routes;
  const isListed = async (name: string) =>
    listOf(await round.application.ask("GET", connections, { token: await round.token("user") }), "connections").some(
      (row) => textOf(row, "name") === name,
    );
  const name = await withConnection(round, canaryKey(), async (made) => {
    if (!(await isListed(made.name))) throw new Error(`${made.name} was created but its owner does not see it`);
    return made.name;
  });
  if (await isListed(name)) throw new Error(`${name} was removed but its owner still sees it`);
  return `${name} created, seen by its owner, removed, and no longer listed`;
}

export async function connectionTested(round: Round): Promise<string> {
  return withConnection(round, canaryKey(), async (made) => {
    const tested = judgeTest(
      round,
      await round.application.ask("POST", `${made.path}/test`, { token: await round.token("user") }),
    );
    if (!tested.isGood) throw new Error(`${made.name}: ${tested.words}`);
    return `${made.name}: ${tested.words}`;
  });
}

export async function existingConnections(round: Round): Promise<Proof> {
  const before = round.subject.connectionsBefore;
  return round.database(async (client) => {
    const after = await seeConnections(
      client,
      before?.sample.map(({ id }) => id),
    );
    if (after === null) throw new Error("the table connections no longer exists");
    if (after.count === 0 && (before?.count ?? 0) === 0)
      return { result: "not needed", reason: "the table connections has no row" };
    if (before === null)
      return {
        result: "not yet",
        reason: `the ${after.count} connections were not sampled before this release started`,
      };
    if (before.sample.length === 0)
      return { result: "not needed", reason: "there was no connection before this release started" };
    return compareConnections(before, after, round.subject.settings.verification.connectionsChangedPercent);
  });
}

export async function providersRoute(round: Round): Promise<string> {
  const rows = await round.providers();
  if (rows.length === 0) throw new Error("the list is empty");
  const poor = rows.filter((row) => ["id", "identifier", "name"].some((name) => textOf(row, name) === ""));
  if (poor.length > 0) throw new Error(`${poor.length} of ${rows.length} rows lack id, identifier or name`);
  return `${rows.length} rows, each with id, identifier and name`;
}

export async function templatesRoute(round: Round): Promise<string> {
  const { providerTemplates } = round.application.routes;
  const answer = await round.application.ask("GET", providerTemplates, { token: await round.token("admin") });
  return `${expectStatus(answer, providerTemplates, [200])}, ${listOf(answer, "templates").length} rows`;
}

export async function connectionRoute(round: Round): Promise<string> {
  return withConnection(round, canaryKey(), async ({ row, status }) => {
    const providerId = textOf(row, "provider_id") || textOf(row, "providerId");
    if (providerId === "") throw new Error(`POST answered ${status} without the provider_id that was sent`);
    return `POST ${round.application.routes.connections} with provider_id: ${status}, provider_id ${providerId}`;
  });
}

/** A provider that answers is reachable, even if it rejects the credentials. */
function judgeTest(round: Round, answer: HttpAnswer): { isGood: boolean; words: string } {
  if (answer.status >= 300) return { isGood: false, words: `the test answered ${describe(answer)}` };
  const result = field(answer.body, "data") ?? answer.body;
  const status = field(result, "http_status") ?? field(result, "httpStatus");
  const message = field(result, "message");
  const words = `${typeof message === "string" ? message : "no message"}${typeof status === "number" ? ` (${status})` : ""}`;
  const isRefusal = typeof status === "number" && round.subject.settings.verification.providerRefusals.includes(status);
  return { isGood: field(result, "success") === true || isRefusal, words };
}
