import type { Settings } from "../settings/settings";
import { RateLimited } from "./rate-limit";

export type HttpAnswer = { status: number; body: unknown; durationMs: number };

export type RequestBudget = { limit: number; windowMinutes: number };

/** A client of the copy of the application that `origin` leads to. It counts its requests and stays within the budget. */
export class Application {
  used = 0;
  /** Answers with status 429. After the first, no more requests are sent, so that the limit can recover. */
  refused = 0;
  /** The last request that the rate limit prevented. */
  limited: RateLimited | undefined;
  #waitSeconds = 0;

  constructor(
    readonly origin: string,
    readonly routes: Settings["app"]["routes"],
    readonly budget: RequestBudget = { limit: Number.POSITIVE_INFINITY, windowMinutes: 15 },
  ) {}

  /**
   * @throws Error when nothing answers within 10 s
   * @throws RateLimited at a 429, after one, and once the budget is used up
   */
  async ask(method: string, path: string, options: { token?: string; body?: unknown } = {}): Promise<HttpAnswer> {
    this.count(`${method} ${path}`);
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
      throw new Error(`${method} ${path} was not answered: ${reasonOf(error)}`);
    });
    const text = await response.text();
    if (response.status === 429) this.noteRefusal(`${method} ${path}`, Number(response.headers.get("retry-after")));
    return { status: response.status, body: parseJson(text), durationMs: Math.round(performance.now() - startedAt) };
  }

  /** Counts a request that is sent elsewhere, such as by the browser. @throws RateLimited if it must not be sent */
  count(what: string): void {
    const { limit, windowMinutes } = this.budget;
    if (this.refused > 0)
      this.#give(`${what} was not sent: the application answered 429 to an earlier request`, this.#waitSeconds);
    if (this.used >= limit)
      this.#give(
        `${what} was not sent: the budget of ${limit} requests is used up (verification.requestBudget)`,
        windowMinutes * 60,
      );
    this.used += 1;
  }

  /** @throws RateLimited always */
  noteRefusal(what: string, retryAfterSeconds = 0): never {
    this.refused += 1;
    this.#waitSeconds = retryAfterSeconds > 0 ? retryAfterSeconds : this.budget.windowMinutes * 60;
    this.#give(
      `${what} answered 429: the application's rate limit is used up; this verification sent ${this.used} requests`,
      this.#waitSeconds,
    );
  }

  #give(message: string, waitSeconds: number): never {
    throw (this.limited = new RateLimited(message, waitSeconds));
  }

  /**
   * Logs in; an ordinary user that does not exist yet is registered first.
   * @returns the token
   */
  async login(email: string, password: string, options: { registers: boolean }): Promise<string> {
    const first = await this.ask("POST", this.routes.login, { body: { email, password } });
    if (first.status === 200) return tokenOf(first, this.routes.login);
    if (!options.registers) throw new Error(`${this.routes.login} answered ${describe(first)} for ${email}`);
    const registered = await this.ask("POST", this.routes.register, { body: { email, password } });
    if (registered.status !== 200 && registered.status !== 201)
      throw new Error(
        `${email} could neither log in nor register: ${this.routes.login} answered ${describe(first)}, ${this.routes.register} ${describe(registered)}` +
          (registered.status === 409
            ? " (either the account is disabled, see verification.checkAccount, or its password is no longer secrets.checkPassword)"
            : ""),
      );
    // Some let in whom they have just registered, which shows nothing of the login: that session is ended, and login asked.
    const token = field(field(registered.body, "data"), "token");
    if (typeof token === "string") await this.ask("POST", this.routes.logout, { token });
    const second = await this.ask("POST", this.routes.login, { body: { email, password } });
    expectStatus(second, `${this.routes.login} for ${email}, just registered,`, [200]);
    return tokenOf(second, this.routes.login);
  }
}

/** An answer in words for the operator. */
export function describe(answer: HttpAnswer): string {
  const error = field(answer.body, "error");
  const message = field(error, "message") ?? field(error, "code");
  return `${answer.status}${typeof message === "string" ? ` (${message})` : ""}`;
}

/** @throws Error when the status is none of those allowed */
export function expectStatus(answer: HttpAnswer, what: string, allowed: readonly number[]): string {
  if (!allowed.includes(answer.status))
    throw new Error(`${what} answered ${describe(answer)}; expected ${allowed.join(" or ")}`);
  return `${what}: ${answer.status} in ${answer.durationMs} ms`;
}

export type ListedObject = Record<string, unknown>;

/** A list in `data`, or in `data.NAME`. */
export function listOf(answer: HttpAnswer, name: string): ListedObject[] {
  const data = field(answer.body, "data");
  const list = Array.isArray(data) ? data : field(data, name);
  if (!Array.isArray(list)) throw new Error(`the answer has no list in data or data.${name}`);
  return list.filter(isRow);
}

/** One object in `data`, or in `data.NAME`. */
export function oneOf(answer: HttpAnswer, name: string): ListedObject {
  const data = field(answer.body, "data");
  const inner = field(data, name);
  const found = isRow(inner) ? inner : data;
  if (!isRow(found)) throw new Error(`the answer has no object in data or data.${name}`);
  return found;
}

export function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as ListedObject)[name] : undefined;
}

/** A row's value as text; empty if it has none. */
export function textOf(row: ListedObject, name: string): string {
  const value = row[name];
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

function isRow(value: unknown): value is ListedObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function tokenOf(answer: HttpAnswer, route: string): string {
  const token = field(field(answer.body, "data"), "token");
  if (typeof token !== "string") throw new Error(`${route} answered ${describe(answer)} without data.token`);
  return token;
}

function parseJson(text: string): unknown {
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
