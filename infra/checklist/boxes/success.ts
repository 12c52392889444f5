import { section } from "../section";

const chapter = "Success";

export const success = [
  section(chapter, "Success criteria", [
    ["SUC-1", "All database migrations completed without errors", "computed from other boxes"],
    ["SUC-2", "Application starts and passes health checks", "computed from other boxes"],
    ["SUC-3", "System providers are populated and functional", "computed from other boxes"],
    ["SUC-4", "Admin interface allows provider management", "computed from other boxes"],
    ["SUC-5", "Users can create connections with dynamic providers", "computed from other boxes"],
    ["SUC-6", "Existing connections continue to work", "computed from other boxes"],
    ["SUC-7", "API endpoints respond within acceptable time", "computed from other boxes"],
    ["SUC-8", "No critical errors in application logs", "computed from other boxes"],
    ["SUC-9", "Monitoring and alerting are functional", "computed from other boxes"],
  ]),
  section(chapter, "Contacts", [
    ["CON-1", "Deployment team", "required settings; each with contact details"],
    ["CON-2", "Escalation", "required settings; each with contact details"],
    ["CON-3", "External dependencies", "required settings; each with contact details"],
  ]),
] as const;
