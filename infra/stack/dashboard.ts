export type DashboardArgs = {
  region: string;
  instanceId: string;
  databaseIdentifier: string;
};

type Metric = [namespace: string, name: string, ...dimension: string[]];

/** CloudWatch's own format: what AWS itself publishes of host and database, two a row, twelve of its 24 columns each. */
export function dashboardBody({ region, instanceId, databaseIdentifier }: DashboardArgs): string {
  const host = (name: string): Metric => ["AWS/EC2", name, "InstanceId", instanceId];
  const database = (name: string): Metric => ["AWS/RDS", name, "DBInstanceIdentifier", databaseIdentifier];
  const shown: [title: string, metrics: Metric[]][] = [
    ["Host: CPU, percent", [host("CPUUtilization")]],
    [
      "Host: status checks failed",
      [host("StatusCheckFailed"), host("StatusCheckFailed_System"), host("StatusCheckFailed_Instance")],
    ],
    ["Host: network, bytes", [host("NetworkIn"), host("NetworkOut")]],
    ["Host: disk, bytes", [host("EBSReadBytes"), host("EBSWriteBytes")]],
    ["Database: CPU, percent", [database("CPUUtilization")]],
    ["Database: connections", [database("DatabaseConnections")]],
    ["Database: free storage, bytes", [database("FreeStorageSpace")]],
    ["Database: latency, seconds", [database("ReadLatency"), database("WriteLatency")]],
  ];
  const widgets = shown.map(([title, metrics], index) => ({
    type: "metric",
    x: (index % 2) * 12,
    y: Math.floor(index / 2) * 6,
    width: 12,
    height: 6,
    properties: { title, region, metrics, period: 60, stat: "Average", view: "timeSeries" },
  }));
  return JSON.stringify({ widgets });
}
