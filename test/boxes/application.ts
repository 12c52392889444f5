import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type pg from "pg";
import type { BoxId } from "../../infra/checklist/boxes";
import type { BoxResult } from "../../infra/checklist/result";
import { prove } from "../../infra/context/step";
import { applicationSettings } from "../../infra/settings/application";
import type { Settings } from "../../infra/settings/settings";
import { verificationSettings } from "../../infra/settings/verification";
import { checks } from "../../infra/verification/checks";
import { Round } from "../../infra/verification/round";
import type { Subject } from "../../infra/verification/subject";

/**
 * What a release answers: `METHOD path` to its status and body, in turn where there are several; others are not there. `${made}` in a
 * body is the name that was sent last.
 */
export type Answers = Readonly<Record<string, Answer | readonly Answer[]>>;
export type Answer = { status: number; body?: unknown /** The status for whoever is logged in. */; withToken?: number };

export const ok = (data: unknown): Answer => ({ status: 200, body: { data } });

/** Rows that a database answers, by a piece of the statement. */
export type Rows = Readonly<Record<string, readonly Record<string, unknown>[]>>;

export function fakeDatabase(rows: Rows): () => Promise<pg.Client> {
  const query = async (sql: string) => {
    const [, found = []] = Object.entries(rows).find(([piece]) => sql.includes(piece)) ?? [];
    return { rows: found, rowCount: found.length };
  };
  return async () => ({ query, end: async () => undefined }) as unknown as pg.Client;
}

const token = "a.token.of-nobody-in-particular";

const letIn: Answers = {
  "POST /api/auth/login": ok({ token }),
  "POST /api/auth/logout": ok({}),
};

export type Situation = { answers?: Answers; rows?: Rows; told?: Partial<Subject>; verification?: object };

/** Makes one check against a release that answers as given. @returns the box, and what was asked of the release */
export async function checkAgainst(
  id: BoxId,
  { answers = {}, rows = {}, told = {}, verification = {} }: Situation,
): Promise<BoxResult & { asked: string[] }> {
  const asked: string[] = [];
  const given = new Map(Object.entries({ ...letIn, ...answers }).map(([key, one]) => [key, [one].flat()]));
  let made = "";
  const server = createServer(async (request, response) => {
    const key = `${request.method} ${request.url}`;
    asked.push(key);
    made = /"name":"([^"]+)"/.exec(await text(request))?.[1] ?? made;
    const left = given.get(key) ?? [];
    const { status, body, withToken }: Answer = (left.length > 1 ? left.shift() : left[0]) ?? { status: 404, body: {} };
    const isKnown = request.headers.authorization === `Bearer ${token}`;
    response
      .writeHead(isKnown ? (withToken ?? status) : status, { "content-type": "application/json" })
      .end(JSON.stringify(body ?? {}).replaceAll("${made}", made));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const round = new Round({
      release: "v1.2.0",
      schemaVersion: 2,
      settings: {
        app: applicationSettings.parse({ repository: ".", compatibility: { "v1.2.0": [2] } }),
        network: { publicName: "prompts.example" } as Settings["network"],
        secrets: { adminPassword: "x", checkPassword: "x", app: {} } as Partial<
          Settings["secrets"]
        > as Settings["secrets"],
        verification: verificationSettings.parse({
          adminEmail: "admin@prompts.example",
          checkEmail: "check@prompts.example",
          ...verification,
        }),
      },
      origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      backend: {
        journal: async () => [{ priority: 6, message: "listening" }],
        memory: async () => ({ bytes: 1, limitBytes: 100, source: "the test" }),
      },
      connect: fakeDatabase(rows),
      execute: async () => 1,
      searchFiles: async () => ({ searched: 0, found: [] }),
      journalFrom: "its start",
      applicationRole: "app",
      connectionsBefore: null,
      progress: () => undefined,
      ...told,
    });
    const check = checks.find(([box]) => box === id)?.[1];
    if (check === undefined) throw new Error(`verification has no check of ${id}`);
    return { ...(await prove({ phase: "verify", boxes: [] }, id, () => check(round))), asked };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
