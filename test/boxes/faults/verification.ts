import type { BoxId } from "../../../infra/checklist/boxes";
import { type Answer, checkAgainst, ok, type Situation } from "../application";
import type { Fault } from "../fault";

const failing = (id: BoxId, fault: string, situation: Situation): Fault => ({
  fault,
  becomes: "failed",
  run: () => checkAgainst(id, situation),
});

const openai = { id: "p1", identifier: "openai", name: "OpenAI", status: "active", is_system: true };
const providers = { "GET /api/admin/providers": ok([openai]) };
const broken: Answer = { status: 500, body: { error: { message: "out of order" } } };
const made = {
  "POST /api/admin/providers": { status: 201, body: { data: { id: "m1" } } },
  "DELETE /api/admin/providers/m1": { status: 204 },
  "POST /api/connections": { status: 201, body: { data: { id: "c1" } } },
  "DELETE /api/connections/c1": { status: 204 },
  "GET /api/connections": ok([]),
};

/** Guarded routes as they should be, but for what is given. */
const guarded = (but: Readonly<Record<string, Answer>>) => ({
  ...Object.fromEntries(
    [
      "GET /api/system/status",
      "GET /api/connections",
      "GET /api/providers",
      "GET /api/admin/providers",
      "GET /api/admin/provider-templates",
      "GET /api/admin/providers/registry-status",
      "POST /api/admin/providers",
      "PUT /api/admin/providers/00000000-0000-4000-8000-000000000000",
      "DELETE /api/admin/providers/00000000-0000-4000-8000-000000000000",
      "POST /api/admin/providers/00000000-0000-4000-8000-000000000000/test",
      "POST /api/admin/provider-templates",
      "POST /api/admin/providers/refresh-registry",
    ].map((route) => [route, { status: 401, body: { data: [] } } satisfies Answer]),
  ),
  ...but,
});

const saying = (message: string) => ({
  backend: {
    journal: async () => [{ priority: 6, message }],
    memory: async () => ({ bytes: 95, limitBytes: 100, source: "its control group" }),
  },
});

/** Counted before the checks, and not once since. */
const oldStatement = { id: "1", query: "select * from providers", meanMs: 900, calls: 5 };

export const verificationFaults = {
  "APP-2.2": failing("APP-2.2", "three system providers are missing", { answers: providers }),
  "APP-3.1": failing("APP-3.1", "the journal holds a line at error level", {
    told: saying('{"level":"error","message":"the cache is gone"}'),
  }),
  "APP-3.2": failing("APP-3.2", "health answers 503", { answers: { "GET /api/system/health": { status: 503 } } }),
  "APP-3.3": failing("APP-3.3", "status answers 500", { answers: { "GET /api/system/status": broken } }),
  "APP-3.4": failing("APP-3.4", "the registry's status answers 500", {
    answers: { "GET /api/admin/providers/registry-status": broken },
  }),
  "WEB-1.4": {
    fault: "a page calls a function that is not defined",
    becomes: "failed",
    shownBy: [
      "database/verification",
      '["console-error", "WEB-1.4", "/login as nobody: console: analytics is not defined"]',
    ],
  },
  "FUN-1.1": failing("FUN-1.1", "the admin's password is refused", {
    answers: { "POST /api/auth/login": { status: 401 } },
  }),
  "FUN-1.2": failing("FUN-1.2", "the list leaves out a provider that the database holds", {
    answers: providers,
    rows: { "from providers where is_system": [{ identifier: "openai" }, { identifier: "bedrock" }] },
  }),
  "FUN-1.3": failing("FUN-1.3", "a provider does not answer its test", {
    answers: { ...providers, "POST /api/admin/providers/p1/test": ok({ success: false, message: "timed out" }) },
  }),
  "FUN-1.4": failing("FUN-1.4", "a provider has no models", {
    answers: { ...providers, "GET /api/admin/providers/p1/models": ok([]) },
  }),
  "FUN-1.5": failing("FUN-1.5", "a provider is created and not listed", { answers: { ...made, ...providers } }),
  "FUN-1.6": failing("FUN-1.6", "there is no template", { answers: { "GET /api/admin/provider-templates": ok([]) } }),
  "FUN-2.1": failing("FUN-2.1", "the page of connections answers 500", { answers: { "GET /api/connections": broken } }),
  "FUN-2.2": failing("FUN-2.2", "an active provider is not offered", {
    answers: { "GET /api/providers": ok([]) },
    rows: { "where status = 'active'": [{ identifier: "openai" }] },
  }),
  "FUN-2.3": failing("FUN-2.3", "a connection is created and its owner does not see it", {
    answers: { ...made, ...providers },
  }),
  "FUN-2.4": failing("FUN-2.4", "the connection's test answers 500", {
    answers: { ...made, ...providers, "POST /api/connections/c1/test": broken },
  }),
  "FUN-2.5": failing("FUN-2.5", "the release deleted every connection when it started", {
    rows: { to_regclass: [{ found: true }], "count(*) as count from connections": [{ count: "0" }] },
    told: { connectionsBefore: { count: 2, sample: ["a", "b"].map((id) => ({ id, status: "", fingerprint: "f" })) } },
  }),
  "FUN-3.1": failing("FUN-3.1", "the list is empty", { answers: { "GET /api/admin/providers": ok([]) } }),
  "FUN-3.2": failing("FUN-3.2", "templates answer 404", {}),
  "FUN-3.3": failing("FUN-3.3", "the answer lacks the provider_id that was given", {
    answers: { ...made, ...providers },
  }),
  "PER-1.1": failing("PER-1.1", "no statement of the release's role is counted while the checks run", {
    rows: { pg_extension: [{}], "from pg_stat_statements": [oldStatement] },
  }),
  "PER-1.2": failing("PER-1.2", "a query reads a whole table", {
    rows: { explain: [{ "QUERY PLAN": [{ Plan: { "Node Type": "Seq Scan", "Relation Name": "models" } }] }] },
  }),
  "PER-2.1": failing("PER-2.1", "the backend takes 95 % of its memory", { told: saying("listening") }),
  "PER-2.2": {
    fault: "the list of providers takes longer than a second",
    becomes: "failed",
    shownBy: ["database/verification", '["slow-providers", "PER-2.2", "more than 900 or 1100 ms"]'],
  },
  "PER-2.3": failing("PER-2.3", "the journal reports a timeout", { told: saying("the request to bedrock timed out") }),
  "SEC-1.1": failing("SEC-1.1", "a user reads the providers", {
    answers: guarded({ "GET /api/admin/providers": { ...ok([openai]), status: 401, withToken: 200 } }),
  }),
  "SEC-1.2": failing("SEC-1.2", "a user makes a template", {
    answers: guarded({ "POST /api/admin/provider-templates": { status: 401, withToken: 201 } }),
  }),
  "SEC-1.3": failing("SEC-1.3", "status answers without a token", {
    answers: guarded({ "GET /api/system/status": ok({}) }),
  }),
  "SEC-1.4": failing("SEC-1.4", "a key is stored in plain text", {
    rows: { "information_schema.columns": [{}], "count(*) as all": [{ all: "3", clear: "1" }] },
  }),
  "SEC-2.1": failing("SEC-2.1", "a stored key is found in a table", {
    answers: { ...made, ...providers },
    rows: { "from pg_tables": [{ name: "public.connections" }], "as searched": [{ count: "1" }] },
  }),
} satisfies Partial<Record<BoxId, Fault>>;
