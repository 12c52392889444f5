import type { Settings } from "../settings/settings";

/** One rule on a metric that AWS publishes itself, without an agent. */
export type AlarmRule = {
  /** Names it, and its section in the runbook. */
  id: string;
  /** What it means, for the person on call. */
  means: string;
  namespace: "AWS/EC2" | "AWS/RDS";
  metric: string;
  statistic: "Average" | "Maximum" | "Minimum";
  comparison: "GreaterThanThreshold" | "LessThanThreshold";
  threshold: number;
  periodSeconds: number;
  periods: number;
};

const gibibyte = 1_073_741_824;

export function alarmRules({
  monitoring,
  database,
}: Pick<Settings, "monitoring"> & { database: Pick<Settings["database"], "storageGiB"> }): AlarmRule[] {
  const { databaseFreeStoragePercent, databaseCpuPercent, databaseConnections } = monitoring;
  return [
    {
      id: "host-unreachable",
      means: "Amazon's own checks of the host, or of the machine below it, fail: users reach nothing.",
      namespace: "AWS/EC2",
      metric: "StatusCheckFailed",
      statistic: "Maximum",
      comparison: "GreaterThanThreshold",
      threshold: 0,
      periodSeconds: 60,
      periods: 2,
    },
    {
      id: "database-storage",
      means: `Less than ${databaseFreeStoragePercent} % of the database's ${database.storageGiB} GiB is free: full, it stops.`,
      namespace: "AWS/RDS",
      metric: "FreeStorageSpace",
      statistic: "Minimum",
      comparison: "LessThanThreshold",
      threshold: Math.round((database.storageGiB * gibibyte * databaseFreeStoragePercent) / 100),
      periodSeconds: 300,
      periods: 2,
    },
    {
      id: "database-cpu",
      means: `The database works at more than ${databaseCpuPercent} % for a quarter of an hour.`,
      namespace: "AWS/RDS",
      metric: "CPUUtilization",
      statistic: "Average",
      comparison: "GreaterThanThreshold",
      threshold: databaseCpuPercent,
      periodSeconds: 300,
      periods: 3,
    },
    {
      id: "database-connections",
      means: `More than ${databaseConnections} connections to the database: PgBouncer's pool and a deployment's own take far fewer.`,
      namespace: "AWS/RDS",
      metric: "DatabaseConnections",
      statistic: "Maximum",
      comparison: "GreaterThanThreshold",
      threshold: databaseConnections,
      periodSeconds: 60,
      periods: 5,
    },
  ];
}

/** What the message of an alarm says beside its numbers. @param runbook a file of this program, or a link */
export function alarmDescription(rule: AlarmRule, runbook: string, onCall: string): string {
  return `${rule.means} Runbook: ${runbook}#${rule.id}. On call: ${onCall}`;
}
