import { section } from "../section";

const chapter = "The deployment";

export const deployment = [
  section(chapter, "Database migration", [
    ["MIG-1.1", "Current schema version and last five audit rows", "read before the migration and recorded"],
    ["MIG-1.2", "Existing connections sampled", "read and recorded, without credentials"],
    ["MIG-1.3", "Table statistics of connections, users and prompts", "read and recorded"],
    ["MIG-2.1", "Migration executed", "journal row completed"],
    ["MIG-2.2", "Row counts of providers, models and provider_templates", "recorded before and after"],
    ["MIG-3.1", "All tables created", "verify script"],
    ["MIG-3.2", "All idx_% indexes exist and are valid", "verify script"],
    ["MIG-3.3", "connections.provider_id with type and nullability", "verify script"],
  ]),
  section(chapter, "Application", [
    [
      "APP-1.1",
      "Application updated, built and configured",
      "no downtime: slot staged; unit, environment and artifact digest recorded",
    ],
    ["APP-2.1", "Backend started and ready", "health answers within a deadline"],
    [
      "APP-2.2",
      "System providers created",
      "/api/admin/providers against the expected set: identifier, name, is_system",
    ],
    ["APP-3.1", "Backend's journal since its start", "no line at error level"],
    ["APP-3.2", "/api/system/health answers", "called, as admin if the release requires it"],
    ["APP-3.3", "/api/system/status answers", "called as admin"],
    ["APP-3.4", "Provider registry's status", "called as admin"],
  ]),
  section(chapter, "Frontend", [
    ["WEB-1.1", "Frontend built and placed", "the artifact's files beside those of the previous release"],
    ["WEB-1.2", "nginx reloaded and active", "configuration tested, unit active"],
    ["WEB-1.3", "Frontend answers", "over TLS by its public name"],
    ["WEB-1.4", "No JavaScript errors in the browser console", "headless Chromium on each named page, screenshot kept"],
  ]),
] as const;
