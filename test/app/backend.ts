import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { freePort } from "../free-port";
import { builtRelease } from "./build";
import { eventually, type Supervised, startSupervised } from "./supervised";

export type Answer = { status: number; body: unknown; headers: Headers };

export type RequestOptions = { token?: string; body?: unknown; headers?: Record<string, string> };

export type RunningBackend = Supervised & {
  url: string;
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>;
};

export const adminAccount = { email: "admin@prompt-library.example", password: "correct horse battery staple" };

/** All variables that the application needs, but for those of the services that it uses. */
export function backendEnvironment(services: { databaseUrl: string; redisUrl: string }): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    NODE_ENV: "production",
    DATABASE_URL: services.databaseUrl,
    REDIS_URL: services.redisUrl,
    JWT_SECRET: randomBytes(32).toString("hex"),
    ENCRYPTION_KEY: randomBytes(32).toString("hex"),
    FRONTEND_URL: "https://prompt-library.example",
    ADMIN_EMAIL: adminAccount.email,
    ADMIN_PASSWORD: adminAccount.password,
  };
}

/** Starts a release's backend on a port of its own and waits for nothing. */
export async function launchBackend(tag: string, environment: NodeJS.ProcessEnv): Promise<RunningBackend> {
  const port = await freePort();
  const entry = join(await builtRelease(tag), "interface/backend/dist/index.js");
  const program = await startSupervised([process.execPath, entry], {
    PORT: String(port),
    RELEASE: tag,
    ...environment,
  });
  const url = `http://127.0.0.1:${port}`;
  return {
    ...program,
    url,
    async request(method, path, { token, body, headers } = {}) {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: text === "" ? undefined : JSON.parse(text) };
    },
  };
}

/** Starts a release's backend and waits until it is healthy. @throws with what it wrote when it ends or isn't in 20 s */
export async function startBackend(tag: string, environment: NodeJS.ProcessEnv): Promise<RunningBackend> {
  const backend = await launchBackend(tag, environment);
  let isOver = false;
  void backend.ended.then(() => (isOver = true));
  try {
    await eventually(
      async () => {
        // Asked only once it listens: each question counts against the limit of requests.
        if (!backend.output().includes('"message":"listening"')) throw new Error("it does not listen");
        const { status } = await backend.request("GET", "/api/system/health");
        if (status !== 200) throw new Error(`health answers ${status}`);
      },
      { isOver: () => isOver },
    );
    return backend;
  } catch (cause) {
    await backend.stop("SIGKILL");
    throw new Error(`${tag} did not become healthy: ${backend.output().slice(-2_000)}`, { cause });
  }
}

/** Signs in. @throws with the answer unless there is a token */
export async function tokenOf(backend: RunningBackend, account: { email: string; password: string }): Promise<string> {
  return tokenIn(await backend.request("POST", "/api/auth/login", { body: account }));
}

/** Registers a new user of that name and gives the token. */
export async function newUser(backend: RunningBackend, name: string): Promise<string> {
  const body = { email: `${name}@users.example`, password: `password of ${name}` };
  return tokenIn(await backend.request("POST", "/api/auth/register", { body }));
}

function tokenIn({ status, body }: Answer): string {
  const token = (body as { data?: { token?: string } } | undefined)?.data?.token;
  if (token === undefined) throw new Error(`no token: ${status} ${JSON.stringify(body)}`);
  return token;
}

/** `data` of an answer. */
export const dataOf = <T>(answer: Answer): T => (answer.body as { data: T }).data;
