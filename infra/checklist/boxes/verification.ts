import { section } from "../section";

const chapter = "Verification";

export const verification = [
  section(chapter, "Functions, as admin", [
    ["FUN-1.1", "Admin logs in, provider management page opens", "API, and the page in the browser"],
    ["FUN-1.2", "System providers listed", "API, and the page in the browser"],
    ["FUN-1.3", "Connectivity test of each provider", "POST .../:id/test of each"],
    ["FUN-1.4", "Model lists populated", "every system provider has models"],
    ["FUN-1.5", "A custom provider created", "created, read back and removed"],
    ["FUN-1.6", "Provider templates work", "API, and the page in the browser"],
  ]),
  section(chapter, "Functions, as user", [
    ["FUN-2.1", "User logs in, connections page opens", "API, and the page in the browser"],
    ["FUN-2.2", "Providers offered for a new connection", "API, and the page in the browser"],
    ["FUN-2.3", "A connection created on a dynamic provider", "created, read back and removed"],
    ["FUN-2.4", "That connection tested", "its test endpoint is called"],
    ["FUN-2.5", "Existing connections still work", "listed and read as before"],
  ]),
  section(chapter, "API", [
    ["FUN-3.1", "GET /api/admin/providers", "200 and rows, as admin"],
    ["FUN-3.2", "GET /api/admin/provider-templates", "200, as admin"],
    ["FUN-3.3", "POST /api/connections with provider_id", "201, as user"],
  ]),
  section(chapter, "Performance", [
    ["PER-1.1", "Statements on providers and models are fast", "pg_stat_statements against the configured threshold"],
    ["PER-1.2", "Indexes are used", "index use of the provider queries"],
    ["PER-2.1", "Memory of the Node.js processes", "measured against the configured threshold"],
    ["PER-2.2", "Response time of the providers API", "p50 and p95 of the configured number of calls"],
    ["PER-2.3", "No slow, timeout or error in the journal", "the journal since start"],
  ]),
  section(chapter, "Security", [
    ["SEC-1.1", "Only admins manage providers", "every admin route × no token, user token, broken token: 401 or 403"],
    ["SEC-1.2", "Users cannot modify providers", "every writing route as a user: 403"],
    ["SEC-1.3", "Endpoints require authentication", "every route without a token: 401"],
    ["SEC-1.4", "Sensitive data encrypted", "as SEC-2.1"],
    [
      "SEC-2.1",
      "Credentials encrypted in the database",
      "the checklist's query for sk-, and a canary key that must not be found",
    ],
  ]),
] as const;
