import type { DBInstance } from "@aws-sdk/client-rds";
import { describe, expect, test } from "vitest";
import { describeAutomatedBackups } from "../../infra/database/backup/automated";

const now = new Date("2026-11-26T12:00:00Z");
const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
const well: DBInstance = {
  DBInstanceIdentifier: "library",
  BackupRetentionPeriod: 7,
  DBInstanceStatus: "available",
  LatestRestorableTime: minutesAgo(4),
  InstanceCreateTime: minutesAgo(9_000),
};

describe("RDS's own backups", () => {
  test.each<[string, Partial<DBInstance>, string]>([
    ["restorable", {}, "kept for 7 days; newest restorable time 2026-11-26T11:56:00.000Z; the instance is available"],
    ["backing up", { DBInstanceStatus: "backing-up" }, "the instance is backing-up"],
    [
      "new",
      { LatestRestorableTime: undefined, InstanceCreateTime: minutesAgo(3) },
      "3 min old and its first backup is not done yet",
    ],
  ])("hold of an instance that is %s", (_, change, evidence) => {
    expect(describeAutomatedBackups({ ...well, ...change }, now)).toContain(evidence);
  });

  test.each<[string, Partial<DBInstance>, string]>([
    ["off", { BackupRetentionPeriod: 0 }, "are off"],
    ["of an instance that has failed", { DBInstanceStatus: "failed" }, "the instance is failed"],
    ["of one without space", { DBInstanceStatus: "storage-full" }, "the instance is storage-full"],
    ["of one that is stopped", { DBInstanceStatus: "stopped" }, "the instance is stopped"],
    ["of one whose parameters do not fit", { DBInstanceStatus: "incompatible-parameters" }, "incompatible-parameters"],
    ["silent", { LatestRestorableTime: minutesAgo(61) }, "61 min ago"],
    ["never made", { LatestRestorableTime: undefined }, "names no time"],
  ])("do not hold: %s", (_, change, message) => {
    expect(() => describeAutomatedBackups({ ...well, ...change }, now)).toThrow(
      expect.objectContaining({ code: "backups-not-in-force", message: expect.stringContaining(message) }),
    );
  });
});
