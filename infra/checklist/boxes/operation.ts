import { section } from "../section";

const chapter = "Operation";

export const operation = [
  section(chapter, "Metrics", [
    ["MON-1.1", "Provider table sizes and query times", "metrics arrive"],
    ["MON-1.2", "API response times", "metrics arrive"],
    ["MON-1.3", "Provider connectivity", "metrics arrive"],
    ["MON-1.4", "Memory after the deployment", "metrics arrive"],
    ["MON-1.5", "Error rate in the application log", "metrics arrive"],
  ]),
  section(chapter, "Alarms", [
    ["MON-2.1", "Provider test failures over 10 %", "an alarm with a runbook link, triggered once in a rehearsal"],
    ["MON-2.2", "API response over 5 s", "an alarm with a runbook link, triggered once in a rehearsal"],
    ["MON-2.3", "Connection pool exhausted", "an alarm with a runbook link, triggered once in a rehearsal"],
    ["MON-2.4", "Memory over 80 %", "an alarm with a runbook link, triggered once in a rehearsal"],
    ["MON-2.5", "Error rate over 1 %", "an alarm with a runbook link, triggered once in a rehearsal"],
  ]),
  section(chapter, "Troubleshooting", [
    ["TRB-1", "Migration failures can be diagnosed", "npm run diagnose: the checklist's queries, and what to do next"],
    ["TRB-2", "Startup issues can be diagnosed", "npm run diagnose: journal, variables, database connection"],
    ["TRB-3", "Registry issues can be diagnosed", "npm run diagnose: registry status; --refresh-registry refreshes it"],
  ]),
] as const;
