import { z } from "zod";

const pattern = z.string().refine(
  (text) => {
    try {
      return Boolean(new RegExp(text, "i"));
    } catch {
      return false;
    }
  },
  { message: "must be a regular expression" },
);

const page = z.strictObject({
  path: z.string().regex(/^\/\S*$/, "must be a path that begins with /"),
  as: z.enum(["admin", "user", "nobody"]),
  /** A text that the page must show, where an empty page would else pass. */
  shows: z.string().min(1).optional(),
  /** Only where the release knows dynamic providers. */
  needsProviders: z.boolean().default(false),
});

/** A request's body. `${name}`, `${provider}`, `${providerId}` and `${key}` are filled in. */
const body = z.record(z.string(), z.json());

const milliseconds = z.int().min(1).max(60_000);

/** How the release is looked at before users see it: as whom, where, and what is still good. */
export const verificationSettings = z.strictObject({
  adminEmail: z.email(),
  /** An ordinary user that verification registers for itself and uses again. */
  checkEmail: z.email(),
  /**
   * SQL that the application's own role runs before and after the checks, with that address as $1: between two verifications nobody
   * can log in to the account. Empty where accounts are no rows; it is left as it is then.
   */
  checkAccount: z
    .strictObject({
      enable: z.string().default("update users set is_active = true where email = $1"),
      disable: z.string().default("update users set is_active = false where email = $1"),
    })
    .prefault({}),
  /** How long the new release must stay quiet under traffic before the old slot is stopped. */
  bakeSeconds: z.int().min(0).max(3600).default(5),
  /** Requests that one verification may send: inside what the application allows a client in its window. */
  requestBudget: z.int().min(20).max(100_000).default(400),
  /** The application's own limit, for the report. */
  rateLimitWindowMinutes: z.int().min(1).default(15),
  /** Name in `secrets.app` of what signs the application's tokens (HS256), so that an expired one can be made; empty: none is. */
  tokenSecret: z.string().default("JWT_SECRET"),
  customProvider: body.default({
    identifier: "${name}",
    name: "${name}",
    description: "created by the deployment's checks, which also remove it",
    api_endpoint: "https://deployment-check.invalid/v1",
    auth_method: "api_key",
    auth_config: { api_key: "${key}" },
  }),
  connection: body.default({ name: "${name}", provider_id: "${providerId}", credentials: { api_key: "${key}" } }),
  /** The same where the release knows no dynamic providers. */
  fixedConnection: body.default({ name: "${name}", provider: "${provider}", config: { api_key: "${key}" } }),
  /** A provider that turns these down has answered: it was asked without credentials, or with made-up ones. */
  providerRefusals: z.array(z.int().min(400).max(599)).default([401, 403]),
  /** Providers that cannot be reached from here and need not be, by identifier. */
  providersNotTested: z.array(z.string()).default([]),
  /** What share of the sampled connections users may remove or change while a deployment runs, in percent. */
  connectionsChangedPercent: z.int().min(0).max(100).default(10),
  performance: z
    .strictObject({
      calls: z.int().min(3).max(200).default(20),
      p50Ms: milliseconds.default(1_000),
      p95Ms: milliseconds.default(2_000),
      /** Mean time of one statement on providers or models, of the application's own. */
      statementMs: milliseconds.default(100),
      memoryPercent: z.int().min(1).max(100).default(80),
    })
    .prefault({}),
  journal: z
    .strictObject({
      /** A line at error level, where systemd does not know its level. */
      error: pattern.default(String.raw`"level":\s*"(error|fatal)"|"level":\s*[56]0\b|^\W*(error|fatal)\b`),
      /** A line of a lower level that tells of trouble. */
      trouble: pattern.default(String.raw`\b(slow|timeout|timed out|error)\b`),
      /**
       * A line about a request that the application rightly rejected: the sender's mistake, these checks' among them,
       * at whatever level it is written.
       */
      refused: pattern.default(String.raw`\bstatus(_?code)?"?\s*[:=]\s*"?4\d\d\b|\bHTTP/[\d.]+"?\s+4\d\d\b`),
      /** Lines that are known to mean nothing. */
      harmless: z.array(pattern).default([]),
    })
    .prefault({}),
  pages: z.array(page).default([
    { path: "/login", as: "nobody", needsProviders: false },
    { path: "/connections", as: "user", needsProviders: false },
    { path: "/admin/providers", as: "admin", needsProviders: true },
  ]),
  browser: z
    .strictObject({
      /** Chromium on the machine that runs Pulumi, where it is not in its usual place. */
      executable: z.string().min(1).optional(),
      /** Where the pages keep the token of whoever is logged in. */
      storage: z.enum(["localStorage", "sessionStorage"]).default("localStorage"),
      tokenKey: z.string().min(1).default("token"),
      timeoutSeconds: z.int().min(1).max(120).default(30),
    })
    .prefault({}),
});
