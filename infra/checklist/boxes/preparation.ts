import { section } from "../section";

const chapter = "Before the deployment";

export const preparation = [
  section(chapter, "Environment", [
    ["PRE-1.1", "Target environment verified", "stack name, AWS account and region match the settings"],
    [
      "PRE-1.2",
      "Database connectivity and credentials confirmed",
      "a query as each role, through the host, with the server's certificate verified",
    ],
    [
      "PRE-1.3",
      "Application version and compatibility checked",
      "the ref resolves to a commit; the settings allow this release with this schema version",
    ],
    ["PRE-1.4", "Backup systems operational", "automated backups on, newest restorable time recent"],
    [
      "PRE-1.5",
      "Maintenance window confirmed",
      "the current time is inside the configured window, or an override names who asked for it",
    ],
  ]),
  section(chapter, "Database backup", [
    ["PRE-2.1", "Full backup created", "RDS snapshot, available"],
    [
      "PRE-2.2",
      "Backup integrity verified",
      "the restored copy passes amcheck, or is read in full if amcheck is not granted, and has the marker row",
    ],
    [
      "PRE-2.3",
      "Location and restore procedure documented",
      "snapshot id and the exact restore command in this report",
    ],
    [
      "PRE-2.4",
      "Restoration tested on non-production",
      "the snapshot restored to a separate instance; counts and checksums equal; copy removed",
    ],
    [
      "PRE-2.5",
      "Retention policy followed",
      "retention days as configured; older snapshots pruned, never the newest proven one",
    ],
  ]),
  section(chapter, "Code", [
    [
      "PRE-3.1",
      "Code merged and tested",
      "the commit is on the release branch; the configured command reports its CI status as passed",
    ],
    [
      "PRE-3.2",
      "Migration scripts ready",
      "every version in between has up, down and verify scripts; the hash chain is valid",
    ],
    [
      "PRE-3.3",
      "Environment configuration checked",
      "the settings are valid; every variable that the release declares is set",
    ],
    ["PRE-3.4", "API documentation updated", "the release contains the file named in the settings"],
    [
      "PRE-3.5",
      "Rollback procedures documented",
      "the report of the last rehearsal of this pair: up, down and up again",
    ],
  ]),
  section(chapter, "Dependencies", [
    ["PRE-4.1", "Node.js 18 or higher", "the artifact's runtime and the host's"],
    ["PRE-4.2", "PostgreSQL 13 or higher", "the server's version"],
    ["PRE-4.3", "Redis available, if used", "PING through the host"],
    ["PRE-4.4", "Certificates valid", "public and database certificates: chain, name, days left above the threshold"],
    ["PRE-4.5", "External APIs reachable", "a TLS connection from the host to each configured endpoint"],
  ]),
] as const;
