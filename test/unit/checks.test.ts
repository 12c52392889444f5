import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import type { SlotContent } from "../../infra/context/host-state";
import type { StepContext } from "../../infra/context/step";
import { ReleaseRefused } from "../../infra/core/failure";
import { readSearch, searchFilesScript } from "../../infra/host/commands/backend-inspection";
import { healthCheckService } from "../../infra/host/commands/health-check";
import { lookFromOutside } from "../../infra/phases/activate/bake";
import { rollbackProof } from "../../infra/phases/activate/rollback";
import { noting } from "../../infra/phases/stage/ledger";
import { knownReleases, type LedgerEntry } from "../../infra/release/history/ledger";
import { verificationSettings } from "../../infra/settings/verification";
import { disguises } from "../../infra/verification/cleartext";
import { judgeJournal, linesAfter } from "../../infra/verification/journal";
import { statementsSince } from "../../infra/verification/performance-queries";
import { checkAgainst, ok } from "../boxes/application";

const provider = { id: "p1", identifier: "openai", name: "OpenAI", status: "active", is_system: true };
const listed = { "GET /api/admin/providers": ok([provider]) };

describe("passing over nothing is not passing", () => {
  const table = { "to_regclass('public.'": [{ found: true }] };

  test("FUN-2.5 without a connection", async () => {
    const rows = { ...table, "count(*) as count from connections": [{ count: "0" }] };
    expect(await checkAgainst("FUN-2.5", { rows })).toMatchObject({ result: "not needed" });
  });
  test("FUN-2.5 where nobody looked before", async () => {
    const rows = { ...table, "count(*) as count from connections": [{ count: "3" }] };
    expect(await checkAgainst("FUN-2.5", { rows })).toMatchObject({ result: "not yet" });
  });
  test("SEC-1.4 without a row, a file or a column", async () => {
    const rows = { "information_schema.columns": [{}], "count(*) as all": [{ all: "0", clear: "0" }] };
    expect(await checkAgainst("SEC-1.4", { rows })).toMatchObject({ result: "not needed" });
    expect(await checkAgainst("SEC-1.4", {})).toMatchObject({ result: "not needed" });
  });
  test("PER-1.1 without a statement", async () => {
    expect(await checkAgainst("PER-1.1", { rows: { pg_extension: [{}] } })).toMatchObject({ result: "failed" });
  });
  test.each([
    ["FUN-2.1", { userToken: "a.given.token" }, { "GET /api/connections": ok([]) }],
    ["FUN-1.1", { adminToken: "a.given.token" }, listed],
  ] as const)("%s with a token from config: nobody logged in", async (id, secrets, answers) => {
    const given = { adminPassword: "x", checkPassword: "x", app: {}, ...secrets };
    const settings = (await import("../../infra/settings/application")).applicationSettings.parse({
      repository: ".",
      compatibility: {},
    });
    const told = {
      settings: {
        app: settings,
        secrets: given,
        network: { publicName: "prompts.example" },
        verification: verificationSettings.parse({ adminEmail: "a@b.example", checkEmail: "c@b.example" }),
      } as never,
    };
    expect(await checkAgainst(id, { answers, told })).toMatchObject({ result: "not yet" });
  });
});

test("FUN-2.1: whoever was let in by registering logs in all the same", async () => {
  const answers = {
    "POST /api/auth/login": { status: 401 },
    "POST /api/auth/register": { status: 201, body: { data: { token: "a.b.c" } } },
    "GET /api/connections": ok([]),
  };
  const { result, evidence } = await checkAgainst("FUN-2.1", { answers });
  expect([result, evidence]).toEqual(["failed", expect.stringContaining("just registered, answered 401")]);
});

describe("what a check made is removed, whatever shape the answer had", () => {
  const left = (name: string) => ok([{ id: "left", identifier: name, name }]);
  test.each([
    ["without an id", { status: 201, body: { data: { made: true } } }],
    ["of an accepted request", { status: 202, body: {} }],
    ["of an error after it was stored", { status: 500, body: {} }],
  ])("an answer %s", async (_, answer) => {
    const answers = {
      ...listed,
      "POST /api/connections": answer,
      "GET /api/connections": left("${made}"),
      "DELETE /api/connections/left": { status: 204 },
    };
    const { result, asked } = await checkAgainst("FUN-2.3", { answers });
    expect(result).toBe("failed");
    expect(asked.at(-1)).toBe("DELETE /api/connections/left");
  });

  test("a provider that an open route let in", async () => {
    const answers = {
      "POST /api/admin/providers": { status: 201, body: { created: true } },
      "GET /api/admin/providers": left("deployment-check-made"),
      "DELETE /api/admin/providers/left": { status: 204 },
    };
    const { result, asked } = await checkAgainst("SEC-1.3", { answers });
    expect(result).toBe("failed");
    expect(asked).toContain("DELETE /api/admin/providers/left");
  });
});

describe("SEC-2.1 and SEC-1.4 where connections are files", () => {
  const key = "sk-deployment-check-0123456789abcdef0123456789abcdef";
  test.each([
    ["as it is", (text: string) => text],
    ["in base64", (text: string) => Buffer.from(text).toString("base64")],
  ])("a key %s is found, and a file without one is not", async (_, store) => {
    const directory = await mkdtemp(join(tmpdir(), "shared files "));
    try {
      await writeFile(join(directory, "connections.json"), `[{"config":"${store(`{"api_key":"${key}"}`)}"}]`);
      await writeFile(join(directory, "prompts.json"), '["a task-list for risk-averse people"]');
      const found = async (patterns: string[]) =>
        readSearch((await execa("bash", ["-euo", "pipefail", "-c", searchFilesScript(directory, patterns)])).stdout);
      expect(await found(disguises(key).map((text) => text.replace(/[+]/g, "\\$&")))).toEqual({
        searched: 2,
        found: [join(directory, "connections.json")],
      });
      expect(await found(["nothing like this"])).toEqual({ searched: 2, found: [] });
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  test.each(["SEC-2.1", "SEC-1.4"] as const)("%s fails where one is found", async (id) => {
    const answers = {
      ...listed,
      "POST /api/connections": { status: 201, body: { data: { id: "c1" } } },
      "DELETE /api/connections/c1": { status: 204 },
    };
    const rows = { pg_tables: [{ name: "public.users" }], "as searched": [{ count: "0" }] };
    const searchFiles = async () => ({ searched: 1, found: ["/srv/app/shared/data/connections.json"] });
    const { result, evidence } = await checkAgainst(id, { answers, rows, told: { searchFiles } });
    expect([result, evidence]).toEqual(["failed", expect.stringContaining("connections.json")]);
  });
});

describe("checks judge what they watched", () => {
  const patterns = verificationSettings.shape.journal.parse(undefined);
  const old = { priority: 3, message: "the database is gone", cursor: "a" };

  test("an error of last week is no matter of a release that serves", async () => {
    const journal = async () => [old, { priority: 6, message: "request", cursor: "b" }];
    const backend = { journal, memory: async () => ({ bytes: 1, limitBytes: 2, source: "x" }) };
    const told = { backend, journalFrom: "this verification" as const };
    expect(await checkAgainst("APP-3.1", { told })).toMatchObject({ result: "passed" });
    expect(await checkAgainst("APP-3.1", { told: { backend } })).toMatchObject({ result: "failed" });
    expect(linesAfter([old, { ...old, cursor: "b" }], "a")).toEqual([{ ...old, cursor: "b" }]);
    expect(linesAfter([old], "pruned meanwhile")).toEqual([old]);
  });

  test.each([
    ['{"level":"error","message":"request failed","status":401}', 0],
    ['{"level":50,"statusCode":404,"msg":"GET /api/nothing"}', 0],
    ["ERROR POST /api/auth/login status=400 in 3 ms", 0],
    ['{"level":"error","message":"request failed","status":500}', 1],
    ['{"level":"error","message":"could not read 401 rows"}', 1],
  ])("%s: %i errors", (message, errors) => {
    expect(judgeJournal([{ priority: 3, message }], patterns).errors).toHaveLength(errors);
  });

  test("statements count from the beginning of the checks", () => {
    const slow = { id: "1", query: "select * from providers", meanMs: 900, calls: 10 };
    expect(statementsSince([slow], [slow])).toEqual([]);
    expect(statementsSince([slow], [{ ...slow, meanMs: 455, calls: 20 }])).toEqual([
      { ...slow, meanMs: 10, calls: 10 },
    ]);
    expect(statementsSince([slow], [{ ...slow, calls: 2 }])).toEqual([{ ...slow, calls: 2 }]);
    expect(statementsSince([], [slow])).toEqual([slow]);
  });
});

describe("RBK-1 is passed by a rollback alone", () => {
  let at = 0;
  const served = (name: string): LedgerEntry => ({
    event: "served",
    release: name,
    commit: "c",
    digest: name.repeat(64).slice(0, 64),
    config: "d",
    who: "ada@desk",
    at: new Date(Date.UTC(2026, 0, 1, 0, at++)).toISOString(),
  });
  const content = (name: string) => ({ release: name, digest: name.repeat(64).slice(0, 64) }) as SlotContent;
  test.each([
    ["to the next release on the same schema", ["a"], "a", "b", "not needed"],
    ["back to the one before", ["a", "b"], "b", "a", "passed"],
    ["forward once more after a rollback", ["a", "b", "a"], "a", "b", "not needed"],
    ["with another config of the same release", ["a"], "a", "a", "not needed"],
    ["on a host that knows neither", [], "a", "b", "not needed"],
  ] as const)("%s", (_, history, from, to, expected) => {
    const proof = rollbackProof(knownReleases(history.map(served)), {
      from: content(from),
      to: content(to),
      overlap: true,
    });
    expect(typeof proof === "string" ? "passed" : proof.result).toBe(expected);
  });
  test("does not claim that nothing stopped where two copies must not run", () => {
    const known = knownReleases(["a", "b"].map(served));
    const how = { from: content("b"), to: content("a"), overlap: false };
    expect(rollbackProof(known, how)).toContain("requests waited");
  });
});

describe("WEB-1.3 where health reports no release", () => {
  const context = {
    input: {
      settings: { app: { healthReleaseField: "", routes: { health: "/health" } }, network: { publicName: "p" } },
    },
  } as StepContext;
  const site = (page: string, health = 200) => ({
    get: async (path: string) => (path === "/" ? { status: 200, body: page } : { status: health, body: "{}" }),
  });
  const expected = { staged: { release: "v2" } as SlotContent, page: "<html>two</html>\n", hasAnswered: false };

  test("the page decides: another release's is refused", async () => {
    await expect(lookFromOutside(context, site("<html>one</html>"), expected)).rejects.toThrow(
      "another page than that of v2",
    );
    await lookFromOutside(context, site("<html>two</html>\n"), expected);
  });
  test("429 is said as what it is", async () => {
    await expect(lookFromOutside(context, site("<html>two</html>", 429), expected)).rejects.toThrow(
      "rate limit is used up",
    );
  });
});

test("the health check does not wait as long as a 429 asks it to", async () => {
  const server = createServer((_request, response) => response.writeHead(429, { "retry-after": "900" }).end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const unit = healthCheckService({ application: "a", publicName: "p.example" });
  const [, patience = ""] = /--fail (.*) --resolve/.exec(unit) ?? [];
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const { exitCode } = await execa("curl", ["--silent", "--fail", ...patience.split(" "), url], {
      reject: false,
      timeout: 15_000,
    });
    expect(exitCode).toBe(22);
  } finally {
    server.close();
  }
});

test("the ledger never marks bad what serves", async () => {
  const content = {
    slot: "blue",
    release: "v1",
    commit: "c",
    digest: "d".repeat(64),
    environment: "e",
    schemaVersion: 1,
  };
  const state = JSON.stringify({ current: "blue", staged: content, blue: content, green: null });
  const ran: string[] = [];
  const host = {
    run: async (what: string) => {
      ran.push(what);
      return what === "reading the host's state" ? state : "{}";
    },
  };
  const context = {
    phase: "verify",
    host,
    paths: { ledger: "/l", state: "/s", current: "/c" },
    input: { release: { name: "v1", commit: "c" } },
    details: {},
    notice: (words: string) => ran.push(words),
  } as unknown as StepContext;
  const refused = noting("verified", async () => {
    throw new ReleaseRefused("checks-failed", "a line of last week", "look");
  });
  await expect(refused(context)).rejects.toThrow("a line of last week");
  expect(ran).toEqual(["reading the host's state"]);
});
