import { boxIds, type BoxId } from "../../infra/checklist/boxes";
import { boxesOf, owners } from "../../infra/checklist/owners";
import { type BoxResult, failed, notNeeded, passed } from "../../infra/checklist/result";
import { type DeploymentHeader } from "../../infra/report/header";
import { type PhaseRecord } from "../../infra/report/record";
import { type SignOff } from "../../infra/report/fill";
import { type Phase, phases } from "../../infra/core/phases";
import { connectionsPage, providersPage } from "./pages";

/** A run from v1.1.0 to v1.2.0 as its phases would record it, with fixed times. */
export const header: DeploymentHeader = {
  reportVersion: 2,
  run: "20261123T220417000Z-7be2c1",
  stack: "staging",
  application: "prompt-library",
  who: "mara@build-7",
  from: { release: "v1.1.0", schemaVersion: 1 },
  to: { release: "v1.2.0", schemaVersion: 2 },
  commit: "8c1f4b0de2a96f7735d6a2f1c0b9e84d37f5a612",
  artifactDigest: "sha256:5f0d8e3b9a7c24e6118f0b53ac94d7ce61b2f8a07d3e945c1b6f20a8d7e4c935",
  host: "prompt-library-staging-host",
  publicUrl: "https://prompts.staging.internal",
  providersSinceSchema: 2,
  snapshot: null,
  contacts: {
    lead: { name: "Mara Lindqvist", email: "mara@prompts.internal", phone: "+46 8 555 0101" },
    databaseAdmin: { name: "Tomasz Wójcik", email: "tomasz@prompts.internal" },
    devOps: { name: "Ines Carvalho", phone: "+351 21 555 0144" },
  },
  escalation: {
    technicalLead: { name: "Aiko Tanaka", phone: "+81 3 5550 0119" },
    productOwner: { name: "Jonas Weber", email: "jonas@prompts.internal" },
    onCall: { name: "On-call engineer", phone: "+46 8 555 0199" },
  },
  dependencies: {
    cloudProvider: { name: "Amazon Web Services", contact: "support plan, case by console" },
    databaseVendor: { name: "Amazon RDS", contact: "support plan, severity urgent" },
    monitoring: { name: "Amazon CloudWatch", contact: "the same support plan" },
  },
};

export const signOffs: SignOff[] = [
  { box: "RBK-0.5", by: "Ines Carvalho", on: "2026-11-23" },
  { box: "POST-2.2", by: "Mara Lindqvist", on: "2026-11-23" },
  { box: "POST-2.4", by: "Jonas Weber", on: "2026-11-22" },
];

const evidence: Partial<Record<BoxId, string>> = {
  "PRE-1.1": "stack staging, account 123456789012, region eu-north-1",
  "PRE-1.2": "owner, application and read-only role answered; TLS 1.3, chain to rds-ca-rsa2048-g1",
  "PRE-1.3": "v1.2.0 is 8c1f4b0; config allows v1.2.* with schema 2",
  "PRE-1.4": "7 days kept; newest restorable time 4 min ago",
  "PRE-1.5": "22:04 UTC lies in Mon 21:00 to 23:30",
  "PRE-2.1": "prompt-library-staging-before-2-x7k2, available, 20 GiB",
  "PRE-2.2": "amcheck: 31 indexes, no complaint; marker row 41 present",
  "PRE-2.3": "in this report, under the way back",
  "PRE-2.4": "restored aside in 2 min 41 s; 5 tables, 48,210 rows, every unchanged key range equal; copy removed",
  "PRE-4.1": "v22.23.3 in the artifact",
  "PRE-4.2": "PostgreSQL 15.18",
  "PRE-4.3": "PONG in 0.3 ms",
  "PRE-4.4": "public: 71 days left; database: 1,204 days left",
  "PRE-4.5": "3 of 3 endpoints: api.openai.com, api.anthropic.com, bedrock-runtime.eu-north-1.amazonaws.com",
  "MIG-1.1": "schema 1; last rows of migration_audit: 0001 completed 2026-09-14",
  "MIG-2.1": "0002_dynamic_providers completed, 11 statements",
  "MIG-2.2": "providers 0, models 0, provider_templates 0 before and after",
  "MIG-3.1": "providers, models, provider_templates",
  "MIG-3.2": "14 indexes, all valid",
  "MIG-3.3": "uuid, nullable",
  "APP-2.1": "green answered health after 1.4 s",
  "APP-2.2": "openai, anthropic, bedrock, microsoft-copilot; all is_system",
  "APP-3.1": "36 lines, none at error level",
  "APP-3.2": "200, healthy",
  "WEB-1.3": "200 in 21 ms, TLS 1.3, certificate valid for the name",
  "WEB-1.4": "5 pages; no error, no failed request",
  "FUN-1.4": "openai 6, anthropic 5, bedrock 9, microsoft-copilot 2",
  "FUN-2.5": "12 of 12 sampled connections read as before",
  "PER-2.1": "143 MiB of 512",
  "PER-2.2": "p50 8 ms, p95 19 ms of 40 calls",
  "SEC-1.1": "9 routes × 4 tokens: 36 refusals",
  "SEC-2.1": "canary key not found in 9 tables; no row holds sk-",
  "PRE-2.5": "7 days by policy; 2 older snapshots pruned, the newest proven one kept",
  "PRE-3.1": "8c1f4b0 is on release; CI: success",
  "PRE-3.2": "0002 has up, down and verify; hash chain holds",
  "PRE-3.3": "11 of 11 declared variables are set; continuity of ENCRYPTION_KEY holds",
  "PRE-3.4": "docs/api.md, changed in this release",
  "PRE-3.5": "rehearsal of v1.1.0/1 and v1.2.0/2 on 2026-11-22: up, down and up in 9 min 4 s",
  "MIG-1.2": "10 of 312 connections: openai 6, anthropic 3, bedrock 1",
  "MIG-1.3": "connections 312, users 87, prompts 1,904 rows",
  "APP-1.1": "slot green, unit prompt-library-backend@green, artifact 5f0d8e3b9a7c",
  "APP-3.3": "200, every part operational",
  "APP-3.4": "4 registered, 4 active",
  "WEB-1.1": "41 files, 23 of them new",
  "WEB-1.2": "nginx -t passed, active for 34 days",
  "FUN-1.1": "logged in; /admin/providers shows 4 rows",
  "FUN-1.2": "4 of 4",
  "FUN-1.3": "4 of 4 tests answered, slowest 312 ms",
  "FUN-1.5": "check-7f3a created, read back, removed",
  "FUN-1.6": "3 templates; one filled the form in the browser",
  "FUN-2.1": "logged in; /connections opens",
  "FUN-2.2": "4 providers in the form",
  "FUN-2.3": "check-7f3a-connection created, read back, removed",
  "FUN-2.4": "tested, 284 ms",
  "FUN-3.1": "200, 4 rows",
  "FUN-3.2": "200, 3 rows",
  "FUN-3.3": "201, then removed",
  "PER-1.1": "slowest of 6 statements: 3.1 ms on average, limit 100 ms",
  "PER-1.2": "14 indexes; none unused by the provider queries",
  "PER-2.3": "36 lines, no slow, timeout or error",
  "SEC-1.2": "6 writing routes as a user: 403 each",
  "SEC-1.3": "14 routes without a token: 401 each",
  "SEC-1.4": "as SEC-2.1: canary key not found",
  "MON-1.1": "3 series, newest 48 s ago",
  "MON-1.2": "2 series, newest 31 s ago",
  "MON-1.3": "4 series, newest 55 s ago",
  "MON-1.4": "2 series, newest 31 s ago",
  "MON-1.5": "1 series, newest 31 s ago",
  "MON-2.1": "alarm provider-tests, fired in the rehearsal of 2026-11-22, runbook linked",
  "MON-2.2": "alarm api-response, fired in the rehearsal of 2026-11-22, runbook linked",
  "MON-2.3": "alarm pool-exhausted, fired in the rehearsal of 2026-11-22, runbook linked",
  "MON-2.4": "alarm memory, fired in the rehearsal of 2026-11-22, runbook linked",
  "MON-2.5": "alarm errors, fired in the rehearsal of 2026-11-22, runbook linked",
  "TRB-1": "3 queries, nothing to report",
  "TRB-2": "journal, 11 variables and database read, nothing to report",
  "TRB-3": "registry read, not refreshed",
  "POST-1.1": "docs/api.md",
  "POST-1.2": "docs/user-guide.md",
  "POST-1.3": "docs/admin-guide.md",
  "POST-1.4": "docs/troubleshooting.md",
  "POST-2.1": "1 topic, message 3c9e accepted",
  "POST-3.1": "dashboard prompt-library-staging, 8 panels",
  "POST-3.2": "5 alarms, all with a target",
  "POST-3.3": "5 runbooks, one an alarm",
  "POST-3.4": "prompt-library-health.timer, every 60 s, active",
  "POST-4.1": "newest restorable time 22:08:50, after activation",
  "POST-4.2": "as PRE-2.4: restored aside and equal",
  "POST-4.3": "7 days on the instance, as configured",
  "POST-4.4": "docs/backup.md",
};

const durationsMs: Record<Phase, number> = {
  preflight: 6_240,
  backup: 214_800,
  schemaUp: 3_910,
  configure: 8_150,
  stage: 27_460,
  verify: 38_020,
  activate: 11_730,
  backfill: 2_280,
  schemaDown: 190,
  evidence: 3_020,
};

const summaries: Record<Phase, string> = {
  preflight: "20 questions asked, none of them answered wrongly",
  backup: "snapshot taken, restored aside and proven in 3 min 35 s",
  schemaUp: "schema 1 to 2 in 11 statements; the longest lock was held for 38 ms",
  configure: "6 files, 2 of them new; nginx reloaded",
  stage: "artifact unpacked beside v1.1.0, green started",
  verify: "39 checks against green, which no user sees yet",
  activate: "traffic turned to green; blue drained 14 requests and stopped",
  backfill: "312 connections linked to their providers",
  schemaDown: "",
  evidence: "team notified, report kept",
};

const began = Date.parse("2026-11-23T22:04:09.000Z");

function result(id: BoxId, source: Phase, index: number): BoxResult {
  const owner = owners[id];
  const notGoingBack = "this run does not go back";
  if (id === "RBK-1" || id === "RBK-2" || id === "RBK-3") return notNeeded(id, notGoingBack, { source });
  const durationMs = 40 + ((index * 137) % 1900);
  const seen = evidence[id];
  if (seen === undefined) throw new Error(`the golden run has no evidence for ${id}`);
  return passed(id, seen, { source: owner === source ? source : owner, durationMs });
}

/** The records of a run in which all went well. */
export function goodRecords(): PhaseRecord[] {
  let at = began;
  return phases.map((phase, index) => {
    const durationMs = durationsMs[phase];
    const startedAt = new Date(at).toISOString();
    at += durationMs;
    const others = phase === "evidence" ? boxIds.filter((id) => /^(resource:|command:|document$|monitoring$)/.test(owners[id])) : [];
    const owned = [...boxesOf(phase), ...others];
    return {
      phase,
      runId: `run-${phase}-1`,
      follows: index === 0 ? null : `run-${phases[index - 1]}-1`,
      startedAt,
      finishedAt: new Date(at).toISOString(),
      durationMs,
      outcome: phase === "schemaDown" ? "nothing to do" : "completed",
      summary: summaries[phase],
      boxes: owned.map((id, place) => result(id, phase, place + index)),
      details: details(phase),
    } satisfies PhaseRecord;
  });
}

function details(phase: Phase): Record<string, unknown> {
  if (phase === "backup")
    return {
      snapshot: {
        id: "prompt-library-staging-before-2-x7k2",
        restoreCommand:
          "aws rds restore-db-instance-from-db-snapshot --db-instance-identifier prompt-library-staging-restored --db-snapshot-identifier prompt-library-staging-before-2-x7k2 --db-subnet-group-name prompt-library-staging --no-publicly-accessible",
      },
    };
  if (phase === "schemaUp")
    return {
      locks: [
        { table: "connections", mode: "ACCESS EXCLUSIVE", waitedMs: 12, heldMs: 38, retries: 1 },
        { table: "connections", mode: "SHARE UPDATE EXCLUSIVE", waitedMs: 0, heldMs: 411, retries: 0 },
        { table: "users", mode: "SHARE ROW EXCLUSIVE", waitedMs: 3, heldMs: 9, retries: 0 },
      ],
    };
  if (phase === "verify")
    return {
      requests: { used: 214, limit: 1500, windowMinutes: 15, refused: 0 },
      screenshots: [
        { page: "/admin/providers", as: "admin", dataUri: providersPage },
        { page: "/connections", as: "user", dataUri: connectionsPage },
      ],
      journal: [
        "22:08:29 backend[green] listening on 8002, schema 2",
        "22:08:29 backend[green] created 4 system providers, 22 models",
        "22:08:30 backend[green] registry loaded: 4 active",
      ],
    };
  return {};
}

/** The same run, stopped by an admin route that lets a user write. */
export function failedRecords(): PhaseRecord[] {
  const before = goodRecords().slice(0, phases.indexOf("verify"));
  const verify = goodRecords()[phases.indexOf("verify")];
  if (verify === undefined) throw new Error("the phases have no verify");
  const found = failed(
    "SEC-1.2",
    "POST /api/admin/providers as a user: 201, expected 403; the provider that it made was removed",
    { source: "verify", durationMs: 212 },
    "Give the route its admin check back, tag a new release, and set release to it.",
  );
  return [
    ...before,
    {
      ...verify,
      outcome: "failed",
      summary: "39 checks against green, 1 failed; green stopped",
      boxes: verify.boxes.map((box) => (box.id === found.id ? found : box)),
      error: {
        message: "1 of 39 checks failed: SEC-1.2, a user may write providers.",
        remedy: "Give the route its admin check back, tag a new release, and set release to it.",
        journal: ["22:08:51 backend[green] POST /api/admin/providers 201 user=check-7f3a 14 ms", "22:08:52 backend[green] DELETE /api/admin/providers/5e1c 204 admin 6 ms"],
      },
    },
  ];
}
