import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { monitoringSettings } from "../../infra/settings/monitoring";
import { alarmDescription, alarmRules } from "../../infra/stack/alarms";
import { dashboardBody } from "../../infra/stack/dashboard";

const rules = alarmRules({
  monitoring: monitoringSettings.parse({ databaseCpuPercent: 70 }),
  database: { storageGiB: 20 },
});

describe("the alarms", () => {
  test.each([
    ["host-unreachable", "AWS/EC2 StatusCheckFailed Maximum GreaterThanThreshold 0, 2 times 60 s"],
    ["database-storage", "AWS/RDS FreeStorageSpace Minimum LessThanThreshold 2147483648, 2 times 300 s"],
    ["database-cpu", "AWS/RDS CPUUtilization Average GreaterThanThreshold 70, 3 times 300 s"],
    ["database-connections", "AWS/RDS DatabaseConnections Maximum GreaterThanThreshold 100, 5 times 60 s"],
  ])("%s", (id, expected) => {
    const said = rules
      .filter((rule) => rule.id === id)
      .map(
        ({ namespace, metric, statistic, comparison, threshold, periods, periodSeconds }) =>
          `${namespace} ${metric} ${statistic} ${comparison} ${threshold}, ${periods} times ${periodSeconds} s`,
      );
    expect(said).toEqual([expected]);
  });

  test("each has its section in the runbook that its message names", async () => {
    const { runbook } = monitoringSettings.parse({});
    const text = await readFile(runbook, "utf8");
    for (const rule of rules) {
      expect(text).toContain(`\n## ${rule.id}\n`);
      expect(alarmDescription(rule, runbook, "Ada, +46 8 555 0199")).toMatch(
        new RegExp(`^\\S.*\\. Runbook: docs/runbooks/alarms\\.md#${rule.id}\\. On call: Ada, \\+46 8 555 0199$`),
      );
    }
  });
});

test("the dashboard", async () => {
  const body = dashboardBody({
    region: "eu-north-1",
    instanceId: "i-0123456789abcdef0",
    databaseIdentifier: "prompt-library-staging",
  });
  await expect(`${JSON.stringify(JSON.parse(body), null, 1)}\n`).toMatchFileSnapshot(
    "../golden/monitoring/dashboard.json",
  );
});

describe("how often health is asked", () => {
  test.each([
    [1, true],
    [2, true],
    [30, true],
    [60, false],
    [7, false],
    [0, false],
    [120, false],
  ])("every %i minutes: %s", (healthCheckMinutes, isGood) =>
    expect(monitoringSettings.safeParse({ healthCheckMinutes }).success).toBe(isGood),
  );
});
