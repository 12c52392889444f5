import { randomBytes } from "node:crypto";
import type pg from "pg";
import type { Browser } from "playwright-core";
import { knowsProviders } from "../checklist/provable";
import type { Screenshot } from "../report/details";
import { setCheckAccount } from "./account";
import { Application, expectStatus, type ListedObject, listOf, textOf } from "./application";
import { startChromium } from "./chromium";
import { providerStatements, type Statement } from "./performance-queries";
import type { Subject } from "./subject";

/** Prefix of the name of everything that a check creates: it says who created it, and leftovers of a killed run are found by it. */
export const maker = "deployment-check";

/** One verification of one release: its sessions, what it created, what it requested. */
export class Round {
  readonly application: Application;
  readonly screenshots: Screenshot[] = [];
  /** The last line that is no matter of these checks; undefined where all are. */
  readonly journalSeen: Promise<string | undefined>;
  /** What was counted before these checks. */
  readonly statementsBefore: Promise<Statement[]>;
  readonly #tokens = new Map<"admin" | "user", Promise<string>>();
  readonly #opened: string[] = [];
  #browser: Promise<Browser> | undefined;
  #isAccountUsed = false;

  constructor(readonly subject: Subject) {
    const { app, verification } = subject.settings;
    this.application = new Application(subject.origin, app.routes, {
      limit: verification.requestBudget,
      windowMinutes: verification.rateLimitWindowMinutes,
    });
    this.journalSeen =
      subject.journalFrom === "its start"
        ? Promise.resolve(undefined)
        : subject.backend.journal().then((lines) => lines.at(-1)?.cursor);
    this.statementsBefore = this.knowsProviders
      ? this.database((client) => providerStatements(client, subject.applicationRole))
      : Promise.resolve([]);
    // The checks that need them say so.
    for (const seen of [this.journalSeen, this.statementsBefore]) seen.catch(() => undefined);
  }

  get knowsProviders(): boolean {
    return knowsProviders(this.subject.release, this.subject.schemaVersion, this.subject.settings.app);
  }

  /** Chromium, started once; asked for early, it is ready when a later check needs it. */
  browser(): Promise<Browser> {
    return (this.#browser ??= startChromium(this.subject.settings.verification.browser.executable));
  }

  /** A token; logs in once, and does not retry after a rejection. */
  token(who: "admin" | "user"): Promise<string> {
    const known = this.#tokens.get(who) ?? this.#login(who);
    this.#tokens.set(who, known);
    return known;
  }

  /** Whether config gives the token, so that nobody logs in. */
  isGiven(who: "admin" | "user"): boolean {
    return this.#given(who) !== undefined;
  }

  #given(who: "admin" | "user"): string | undefined {
    const { adminToken, userToken } = this.subject.settings.secrets;
    return who === "admin" ? adminToken : userToken;
  }

  async #login(who: "admin" | "user"): Promise<string> {
    const { verification, secrets } = this.subject.settings;
    const given = this.#given(who);
    if (given !== undefined) return given;
    if (who === "user") {
      this.#isAccountUsed = true;
      await setCheckAccount(this.subject, "enabled");
    }
    const token =
      who === "admin"
        ? await this.application.login(verification.adminEmail, secrets.adminPassword, { registers: false })
        : await this.application.login(verification.checkEmail, secrets.checkPassword, { registers: true });
    this.#opened.push(token);
    return token;
  }

  /** A unique name, such as `deployment-check-3f9a01`. */
  newName(): string {
    return `${maker}-${randomBytes(3).toString("hex")}`;
  }

  /** The providers as an admin sees them. */
  async providers(): Promise<ListedObject[]> {
    const { providers } = this.application.routes;
    const answer = await this.application.ask("GET", providers, { token: await this.token("admin") });
    expectStatus(answer, providers, [200]);
    return listOf(answer, "providers");
  }

  /** Queries the database as a role that may only read. */
  async database<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = await this.subject.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  /** Removes what a killed run left behind. */
  async clearLeftovers(): Promise<void> {
    if (this.knowsProviders) await this.removeNamed("providers", `${maker}-`);
    await this.removeNamed("connections", `${maker}-`);
  }

  /** Removes what the lists show under a name that begins so, whatever the answer said that should have named it. */
  async removeNamed(kind: "providers" | "connections", beginning: string): Promise<void> {
    const route = this.application.routes[kind];
    const who = kind === "providers" ? "admin" : "user";
    const answer = await this.application.ask("GET", route, { token: await this.token(who) });
    expectStatus(answer, route, [200]);
    for (const row of listOf(answer, kind))
      if (textOf(row, kind === "providers" ? "identifier" : "name").startsWith(beginning))
        await this.remove(who, `${route}/${textOf(row, "id")}`);
  }

  /** @throws Error naming what could not be removed */
  async remove(who: "admin" | "user", path: string): Promise<void> {
    const answer = await this.application.ask("DELETE", path, { token: await this.token(who) });
    if (![200, 202, 204, 404].includes(answer.status))
      throw new Error(`DELETE ${path} answered ${answer.status}: what the check created still exists`);
  }

  /**
   * Ends the sessions that were opened, and disables the account that was used.
   * @returns the account's state; undefined if none was used
   * @throws Error if it could not be disabled
   */
  async end(): Promise<string | undefined> {
    await this.#browser?.then((browser) => browser.close()).catch(() => undefined);
    for (const token of this.#opened)
      await this.application.ask("POST", this.application.routes.logout, { token }).catch(() => undefined);
    return this.#isAccountUsed ? (await setCheckAccount(this.subject, "disabled")).words : undefined;
  }
}
