import type { Settings } from "../settings";

export type Answer = { status: number; body: unknown; durationMs: number };

/** A client of the application: whichever copy of it `origin` leads to. */
export class Application {
  constructor(
    readonly origin: string,
    readonly routes: Settings["app"]["routes"],
  ) {}

  /** @throws Error when nothing answers within 10 s */
  async ask(method: string, path: string, options: { token?: string; body?: unknown } = {}): Promise<Answer> {
    const startedAt = performance.now();
    const response = await fetch(`${this.origin}${path}`, {
      method,
      headers: {
        ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
        ...(options.body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      signal: AbortSignal.timeout(10_000),
    }).catch((error: unknown) => {
      throw new Error(`${method} ${path} got no answer: ${reasonOf(error)}`);
    });
    const text = await response.text();
    return { status: response.status, body: parsed(text), durationMs: Math.round(performance.now() - startedAt) };
  }

  /**
   * Logs in; an ordinary user that is not there yet registers itself.
   * @returns the token
   */
  async login(email: string, password: string, options: { registers: boolean }): Promise<string> {
    const first = await this.ask("POST", this.routes.login, { body: { email, password } });
    if (first.status === 200) return tokenOf(first, this.routes.login);
    if (!options.registers) throw new Error(`${this.routes.login} answered ${describe(first)} for ${email}`);
    const registered = await this.ask("POST", this.routes.register, { body: { email, password } });
    if (registered.status !== 200 && registered.status !== 201)
      throw new Error(`${this.routes.register} answered ${describe(registered)} for ${email}`);
    return tokenOf(await this.ask("POST", this.routes.login, { body: { email, password } }), this.routes.login);
  }
}

/** An answer as an operator reads it; a 429 says what it means. */
export function describe(answer: Answer): string {
  const error = field(answer.body, "error");
  const message = field(error, "message") ?? field(error, "code");
  if (answer.status === 429) return "429: the application's rate limit is used up; wait 15 minutes";
  return `${answer.status}${typeof message === "string" ? ` (${message})` : ""}`;
}

/** A list in `data`, or in `data.NAME`. */
export function listOf(answer: Answer, name: string): Record<string, unknown>[] {
  const data = field(answer.body, "data");
  const list = Array.isArray(data) ? data : field(data, name);
  if (!Array.isArray(list)) throw new Error(`the answer holds no list in data or data.${name}`);
  return list.filter((row): row is Record<string, unknown> => typeof row === "object" && row !== null);
}

export function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function tokenOf(answer: Answer, route: string): string {
  const token = field(field(answer.body, "data"), "token");
  if (typeof token !== "string") throw new Error(`${route} answered ${describe(answer)} without data.token`);
  return token;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
