import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  adminAccount,
  backendEnvironment,
  dataOf,
  launchBackend,
  newUser,
  type RunningBackend,
  startBackend,
  tokenOf,
} from "../app/backend";
import { builtRelease } from "../app/build";
import { type FakeProvider, startProvider } from "../app/provider";
import { type RunningRedis, startRedis } from "../app/redis";
import { migrateDatabase } from "../app/schema";
import { eventually } from "../app/supervised";
import { type Cluster, type ClusterConnection, startCluster } from "./cluster";

type Row = Record<string, unknown>;

let cluster: Cluster;
let redis: RunningRedis;
let provider: FakeProvider;
/** Set where an answer is to be held back. */
let hold: ((response: ServerResponse) => void) | undefined;
const running: RunningBackend[] = [];

beforeAll(async () => {
  await builtRelease("v1.1.0");
  await builtRelease("v1.2.0");
  [cluster, redis] = await Promise.all([startCluster(), startRedis()]);
  provider = await startProvider((request, response) => {
    if (hold) hold(response);
    else response.writeHead(request.headers["x-api-key"] === "refused" ? 401 : 200).end("{}");
  });
}, 600_000);

afterAll(async () => {
  await Promise.all(running.map((backend) => backend.stop("SIGKILL")));
  await Promise.all([provider?.stop(), redis?.stop(), cluster?.stop()]);
});

/** A database of its own at the given schema, and the environment of a backend on it. */
async function databaseAt(name: string, schema: number) {
  const connection = await cluster.createDatabase(name);
  if (schema > 0) await migrateDatabase(connection, schema);
  const { user, password, host, port } = connection;
  const databaseUrl = `postgresql://${user}:${password}@${host}:${port}/${name}`;
  const environment = {
    ...backendEnvironment({ databaseUrl, redisUrl: redis.url }),
    PROVIDER_ENDPOINT_OVERRIDE: provider.url,
  };
  return { connection, environment };
}

async function rows(connection: ClusterConnection, sql: string): Promise<Row[]> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function start(tag: string, environment: NodeJS.ProcessEnv): Promise<RunningBackend> {
  const backend = await startBackend(tag, environment);
  running.push(backend);
  return backend;
}

async function launch(tag: string, environment: NodeJS.ProcessEnv): Promise<RunningBackend> {
  const backend = await launchBackend(tag, environment);
  running.push(backend);
  return backend;
}

const statusesOf = async (backend: RunningBackend, method: string, path: string, tokens: (string | undefined)[]) =>
  Promise.all(
    tokens.map(async (token) => (await backend.request(method, path, token === undefined ? {} : { token })).status),
  );

describe("v1.1.0", () => {
  it("keeps users and encrypted connections on schema 1, goes on at schema 2, and back", async () => {
    const { connection, environment } = await databaseAt("v1_1", 1);
    const backend = await start("v1.1.0", { ...environment, COMMIT: "abc123" });
    expect((await backend.request("GET", "/api/system/health")).body).toMatchObject({
      status: "healthy",
      version: "v1.1.0",
      commit: "abc123",
    });

    const admin = await tokenOf(backend, adminAccount);
    const user = await newUser(backend, "first");
    expect(await statusesOf(backend, "GET", "/api/system/status", [undefined, "broken", user, admin])).toEqual([
      401, 401, 200, 200,
    ]);
    expect(await statusesOf(backend, "GET", "/api/connections", [undefined, "broken", user])).toEqual([401, 401, 200]);
    expect(await statusesOf(backend, "GET", "/api/admin/providers", [admin])).toEqual([404]);
    expect(
      (await backend.request("POST", "/api/prompts", { token: user, body: { title: "a", content: "b" } })).status,
    ).toBe(201);

    const canary = `key-${randomBytes(8).toString("hex")}`;
    for (const schema of [1, 2, 1]) {
      await migrateDatabase(connection, schema);
      const body = { name: `at ${schema}`, provider: "openai", config: { api_key: canary } };
      const created = await backend.request("POST", "/api/connections", { token: user, body });
      expect(created.status).toBe(201);
      expect(dataOf<Row[]>(await backend.request("GET", "/api/connections", { token: user })).at(-1)).toMatchObject({
        name: `at ${schema}`,
      });
    }
    const stored = await rows(connection, "SELECT id, encrypted_config FROM connections ORDER BY created_at");
    expect(stored).toHaveLength(3);
    expect(JSON.stringify(stored)).not.toContain(canary);

    const path = `/api/connections/${stored[0]?.id}`;
    expect((await backend.request("DELETE", path, { token: admin })).status).toBe(404);
    expect((await backend.request("DELETE", path, { token: user })).status).toBe(204);
    const wrong = await backend.request("POST", "/api/connections", {
      token: user,
      body: { name: "x", provider: "other", config: { a: 1 } },
    });
    expect([wrong.status, wrong.body]).toEqual([
      400,
      { error: { code: "VALIDATION_ERROR", message: expect.stringContaining("provider must be one of") as string } },
    ]);
    expect(backend.output()).not.toContain('"level":"error"');
  });

  it("lets a session end at sign-out and with its account", async () => {
    const { connection, environment } = await databaseAt("sessions_end", 1);
    const backend = await start("v1.1.0", environment);
    const first = await newUser(backend, "first");
    const second = await newUser(backend, "second");
    expect((await backend.request("POST", "/api/auth/logout", { token: first })).status).toBe(204);
    await rows(connection, "UPDATE users SET is_active = false WHERE email LIKE 'second%'");
    expect(await statusesOf(backend, "GET", "/api/connections", [first, second])).toEqual([401, 401]);
    expect(
      (await backend.request("POST", "/api/auth/login", { body: { ...adminAccount, password: "wrong password" } }))
        .status,
    ).toBe(401);
  });
});

describe("v1.2.0", () => {
  it("refuses a database at schema 1 and says what is missing", async () => {
    const { environment } = await databaseAt("too_old", 1);
    const backend = await launch("v1.2.0", environment);
    expect(await backend.ended).toBe(1);
    expect(backend.output()).toContain("the database is not at schema 2: no table providers");
  });

  it("makes one administrator and each system provider once when two copies start together", async () => {
    const { connection, environment } = await databaseAt("two_copies", 2);
    await Promise.all([start("v1.2.0", environment), start("v1.2.0", environment)]);
    await start("v1.2.0", environment);
    expect(await rows(connection, "SELECT email FROM users WHERE role = 'admin'")).toEqual([
      { email: adminAccount.email },
    ]);
    expect(
      await rows(
        connection,
        `SELECT p.identifier, count(m.id)::integer AS models, count(*) FILTER (WHERE m.is_default)::integer AS defaults
        FROM providers p JOIN models m ON m.provider_id = p.id WHERE p.is_system GROUP BY 1 ORDER BY 1`,
      ),
    ).toEqual([
      { identifier: "anthropic", models: 2, defaults: 1 },
      { identifier: "bedrock", models: 2, defaults: 1 },
      { identifier: "microsoft-copilot", models: 1, defaults: 1 },
      { identifier: "openai", models: 2, defaults: 1 },
    ]);
    expect(await rows(connection, "SELECT name FROM provider_templates")).toEqual([{ name: "OpenAI compatible" }]);
  });

  it("lets nobody but administrators manage providers", async () => {
    const { connection, environment } = await databaseAt("roles", 2);
    const backend = await start("v1.2.0", environment);
    const admin = await tokenOf(backend, adminAccount);
    const user = await newUser(backend, "user");
    const [{ id } = {}] = await rows(connection, "SELECT id FROM providers WHERE identifier = 'openai'");
    const routes: [string, string][] = [
      ["GET", "/api/admin/providers"],
      ["GET", "/api/admin/providers?isSystem=true"],
      ["GET", "/api/admin/providers/registry-status"],
      ["POST", "/api/admin/providers/refresh-registry"],
      ["GET", `/api/admin/providers/${id}`],
      ["GET", `/api/admin/providers/${id}/models`],
      ["POST", `/api/admin/providers/${id}/test`],
      ["PUT", `/api/admin/providers/${id}`],
      ["GET", "/api/admin/provider-templates"],
    ];
    for (const [method, path] of routes)
      expect([path, await statusesOf(backend, method, path, [undefined, "broken", user, admin])]).toEqual([
        path,
        [401, 401, 403, 200],
      ]);
    for (const [method, path] of [
      ["POST", "/api/admin/providers"],
      ["POST", "/api/admin/provider-templates"],
      ["DELETE", `/api/admin/providers/${id}`],
    ] as const)
      expect([path, await statusesOf(backend, method, path, [undefined, "broken", user])]).toEqual([
        path,
        [401, 401, 403],
      ]);
  });

  it("manages providers, models and templates, and stores no credential in the clear", async () => {
    const { connection, environment } = await databaseAt("manage", 2);
    const backend = await start("v1.2.0", environment);
    const token = await tokenOf(backend, adminAccount);
    const ask = (method: string, path: string, body?: unknown) =>
      backend.request(method, `/api/admin/${path}`, { token, ...(body === undefined ? {} : { body }) });

    const canary = `key-${randomBytes(8).toString("hex")}`;
    const acme = {
      identifier: "acme",
      name: "Acme",
      api_endpoint: "https://llm.acme.example/v1",
      auth_config: { api_key: canary },
    };
    const created = await ask("POST", "providers", { ...acme, models: [{ identifier: "acme-1", name: "Acme 1" }] });
    expect(created.status).toBe(201);
    const { id } = dataOf<{ id: string }>(created);
    expect(dataOf<Row>(created)).toMatchObject({
      identifier: "acme",
      is_system: false,
      has_auth_config: true,
      models: [{ identifier: "acme-1", is_default: true }],
    });
    expect((await ask("POST", "providers", acme)).status).toBe(409);
    expect((await ask("POST", "providers", { ...acme, identifier: "b", api_endpoint: "file:///etc" })).status).toBe(
      400,
    );
    expect(dataOf<Row>(await ask("PUT", `providers/${id}`, { name: "Acme 2" }))).toMatchObject({
      name: "Acme 2",
      api_endpoint: acme.api_endpoint,
      has_auth_config: true,
    });
    expect((await ask("POST", `providers/${id}/models`, { identifier: "acme-2", name: "Acme 2" })).status).toBe(201);
    expect((await ask("POST", `providers/${id}/models`, { identifier: "acme-2", name: "Acme 2" })).status).toBe(409);
    expect(dataOf<Row[]>(await ask("GET", `providers/${id}/models`))).toHaveLength(2);
    expect(dataOf<Row[]>(await ask("GET", "providers"))).toHaveLength(5);
    expect(
      dataOf<Row[]>(await ask("GET", "providers?isSystem=true"))
        .map(({ identifier }) => identifier)
        .sort(),
    ).toEqual(["anthropic", "bedrock", "microsoft-copilot", "openai"]);
    expect(JSON.stringify(await rows(connection, "SELECT * FROM providers"))).not.toContain(canary);
    expect(backend.output()).not.toContain(canary);

    expect(dataOf<Row>(await ask("POST", `providers/${id}/test`))).toMatchObject({ success: true, http_status: 200 });
    expect(provider.requests).toContain("GET /acme/v1/models -");
    expect(dataOf<Row>(await ask("GET", "providers/registry-status"))).toMatchObject({
      status: "healthy",
      total: 5,
      healthy: 1,
      unhealthy: 0,
      unknown: 4,
    });
    expect((await ask("DELETE", `providers/${id}`)).status).toBe(204);
    expect((await ask("GET", `providers/${id}`)).status).toBe(404);
    const [system] = await rows(connection, "SELECT id FROM providers WHERE is_system LIMIT 1");
    expect((await ask("DELETE", `providers/${system?.id}`)).status).toBe(409);

    const template = await ask("POST", "provider-templates", {
      name: "Mine",
      provider_config: { auth_method: "api_key" },
      default_models: [{ identifier: "m", name: "M" }],
    });
    expect(template.status).toBe(201);
    expect(dataOf<Row[]>(await ask("GET", "provider-templates")).map(({ name }) => name)).toEqual([
      "OpenAI compatible",
      "Mine",
    ]);
    expect((await ask("DELETE", `provider-templates/${dataOf<{ id: string }>(template).id}`)).status).toBe(204);
  });

  it("connects users to providers, and tests connections that v1.1.0 made", async () => {
    const { connection, environment } = await databaseAt("connections_live_on", 1);
    const older = await start("v1.1.0", environment);
    const user = await newUser(older, "user");
    const body = { name: "old", provider: "anthropic", config: { api_key: "old-key" } };
    expect((await older.request("POST", "/api/connections", { token: user, body })).status).toBe(201);

    await migrateDatabase(connection, 2);
    const newer = await start("v1.2.0", environment);
    const offered = dataOf<{ id: string; identifier: string; models: Row[] }[]>(
      await newer.request("GET", "/api/providers", { token: user }),
    );
    expect(offered.map(({ identifier, models }) => [identifier, models.length]).sort()).toEqual([
      ["anthropic", 2],
      ["bedrock", 2],
      ["microsoft-copilot", 1],
      ["openai", 2],
    ]);
    const openai = offered.find(({ identifier }) => identifier === "openai");
    for (const key of ["new-key", "refused"])
      expect(
        (
          await newer.request("POST", "/api/connections", {
            token: user,
            body: { name: key, provider_id: openai?.id, credentials: { api_key: key } },
          })
        ).status,
      ).toBe(201);
    // A page of v1.1.0 that is still open.
    expect((await newer.request("POST", "/api/connections", { token: user, body })).status).toBe(201);
    const nobody = { name: "x", provider_id: "00000000-0000-0000-0000-000000000000", credentials: { api_key: "x" } };
    expect((await newer.request("POST", "/api/connections", { token: user, body: nobody })).status).toBe(400);

    const connections = dataOf<{ id: string; name: string; provider: string; provider_id: string | null }[]>(
      await newer.request("GET", "/api/connections", { token: user }),
    );
    expect(connections.map(({ name, provider, provider_id }) => [name, provider, provider_id !== null])).toEqual([
      ["old", "anthropic", false],
      ["new-key", "openai", true],
      ["refused", "openai", true],
      ["old", "anthropic", true],
    ]);
    const tested = await Promise.all(
      connections.slice(0, 3).map(({ id }) => newer.request("POST", `/api/connections/${id}/test`, { token: user })),
    );
    expect(tested.map((answer) => dataOf<{ success: boolean }>(answer).success)).toEqual([true, true, false]);
    expect(provider.requests).toEqual(
      expect.arrayContaining(["GET /anthropic/v1/models old-key", "GET /openai/v1/models new-key"]),
    );
    expect(dataOf<Row[]>(await older.request("GET", "/api/connections", { token: user }))).toHaveLength(4);

    const otherKey = await start("v1.2.0", { ...environment, ENCRYPTION_KEY: randomBytes(32).toString("hex") });
    const unreadable = await otherKey.request("POST", `/api/connections/${connections[0]?.id}/test`, { token: user });
    expect([unreadable.status, unreadable.body]).toMatchObject([409, { error: { code: "CREDENTIALS_UNREADABLE" } }]);
  });

  it("finishes requests in flight at SIGTERM and takes no new ones", async () => {
    const { connection, environment } = await databaseAt("drains", 2);
    const backend = await start("v1.2.0", environment);
    const token = await tokenOf(backend, adminAccount);
    const [{ id } = {}] = await rows(connection, "SELECT id FROM providers WHERE identifier = 'openai'");
    const held = new Promise<ServerResponse>((resolve) => (hold = resolve));
    try {
      const answer = backend.request("POST", `/api/admin/providers/${id}/test`, { token });
      const response = await held;
      const end = backend.stop();
      await eventually(async () => {
        const refused = await fetch(backend.url).then(
          () => false,
          () => true,
        );
        if (!refused) throw new Error("still takes connections");
      });
      response.writeHead(200).end("{}");
      expect(await answer).toMatchObject({ status: 200, body: { data: { success: true } } });
      expect(await end).toBe(0);
    } finally {
      hold = undefined;
    }
  });
});

describe("both releases", () => {
  it.each(["v1.1.0", "v1.2.0"])("%s names all that its environment lacks, and no value", async (tag) => {
    const backend = await launch(tag, {
      PATH: process.env.PATH,
      NODE_ENV: "production",
      ENCRYPTION_KEY: "not-hexadecimal",
      PORT: "",
    });
    expect(await backend.ended).toBe(1);
    const [line = ""] = backend.output().split("\n");
    expect(JSON.parse(line)).toMatchObject({
      level: "error",
      message:
        "cannot start: environment: PORT is missing; DATABASE_URL is missing; REDIS_URL is missing; JWT_SECRET is missing; " +
        "ENCRYPTION_KEY must be 64 hexadecimal digits; FRONTEND_URL is missing",
    });
  });

  it("counts requests by client, as a proxy on this machine names it, for all copies together", async () => {
    const { environment } = await databaseAt("limited", 2);
    const ownRedis = await startRedis();
    try {
      const limited = { ...environment, REDIS_URL: ownRedis.url, RATE_LIMIT_MAX: "10" };
      const copies = await Promise.all([start("v1.2.0", limited), start("v1.2.0", limited)]);
      const as = (client: string, copy: number) =>
        copies[copy]!.request("GET", "/api/system/health", { headers: { "x-forwarded-for": client } });
      const statuses: number[] = [];
      for (let request = 0; request < 11; request++) statuses.push((await as("192.0.2.1", request % 2)).status);
      expect(statuses).toEqual([...Array<number>(10).fill(200), 429]);
      const over = await as("192.0.2.1", 0);
      expect(over.body).toMatchObject({ error: { code: "RATE_LIMITED" } });
      expect(Number(over.headers.get("retry-after"))).toBeGreaterThan(0);
      expect((await as("192.0.2.2", 0)).status).toBe(200);
    } finally {
      await ownRedis.stop();
    }
  });

  it("gives each line its priority in a journal", async () => {
    const { environment } = await databaseAt("journal", 1);
    const backend = await start("v1.1.0", { ...environment, JOURNAL_STREAM: "8:12345" });
    expect(backend.output()).toMatch(/^<6>\{"level":"info".*"message":"listening"/m);
    const refused = await launch("v1.2.0", { ...environment, JOURNAL_STREAM: "8:12345" });
    await refused.ended;
    expect(refused.output()).toMatch(/^<3>\{"level":"error"/m);
  });

  it("is unhealthy from three seconds without Redis on until a restart, and answers requests meanwhile", async () => {
    const { environment } = await databaseAt("redis_gone", 2);
    const first = await startRedis();
    let second: RunningRedis | undefined;
    try {
      const backend = await start("v1.2.0", { ...environment, REDIS_URL: first.url });
      const health = () => backend.request("GET", "/api/system/health");
      await first.stop();
      expect((await health()).status).toBe(200);
      await eventually(async () => {
        if ((await health()).status !== 503) throw new Error("still healthy");
      });
      const token = await tokenOf(backend, adminAccount);
      expect((await backend.request("GET", "/api/providers", { token })).status).toBe(200);
      expect((await backend.request("GET", "/api/system/status", { token })).body).toMatchObject({
        data: { status: "degraded" },
      });
      second = await startRedis({ port: first.port });
      await eventually(async () => {
        const { body } = await backend.request("GET", "/api/system/status", { token });
        if ((body as { data: Row }).data.status !== "healthy") throw new Error("not connected again");
      });
      expect((await health()).status).toBe(503);
    } finally {
      await first.stop();
      await second?.stop();
    }
  });
});
