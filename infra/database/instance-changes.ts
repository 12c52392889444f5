import { problem } from "../settings/problem";
import type { Settings } from "../settings/settings";

export type RunningInstance = {
  /** Whole, such as 15.8. */
  engineVersion: string;
  storageGiB: number;
};

type Wanted = Pick<Settings["database"], "engineVersion" | "storageGiB" | "maxStorageGiB">;

/**
 * What RDS would refuse of the configured database when its turn comes, after other resources have changed; and an upgrade to another
 * major version, which has no rollback but a restore.
 */
export function refusedChanges(wanted: Wanted, running: RunningInstance): string[] {
  return [versionProblem(wanted.engineVersion, running.engineVersion), storageProblem(wanted, running)].filter(
    (found) => found !== undefined,
  );
}

function versionProblem(wanted: string, running: string): string | undefined {
  const set = (version: string) => `pulumi config set --path --type string database.engineVersion ${version}`;
  const [major, minor] = wanted.split(".").map(Number);
  const [runningMajor, runningMinor = 0] = running.split(".").map(Number);
  if (major !== runningMajor)
    return problem(
      "database.engineVersion",
      `must stay a version of PostgreSQL ${runningMajor}: the database runs ${running}, and this program changes no major version (docs/runbooks/database-version.md)`,
      wanted,
      set(running),
    );
  if (minor === undefined || minor >= runningMinor) return undefined;
  return problem(
    "database.engineVersion",
    `must not be older than ${running}, which the database runs: RDS cannot go back`,
    wanted,
    set(running),
  );
}

/** Where the storage may grow by itself, the configured size is only what it began with. */
function storageProblem({ storageGiB, maxStorageGiB }: Wanted, running: RunningInstance): string | undefined {
  if (maxStorageGiB !== undefined && maxStorageGiB > running.storageGiB) return undefined;
  if (maxStorageGiB !== undefined)
    return problem(
      "database.maxStorageGiB",
      `must be more than the ${running.storageGiB} GiB that the database has`,
      maxStorageGiB,
      `pulumi config set --path database.maxStorageGiB ${Math.ceil((running.storageGiB * 11) / 10)}`,
    );
  const next = Math.ceil((running.storageGiB * 11) / 10);
  if (storageGiB === running.storageGiB || storageGiB >= next) return undefined;
  const isLess = storageGiB < running.storageGiB;
  return problem(
    "database.storageGiB",
    isLess
      ? `must be at least the ${running.storageGiB} GiB that the database has: RDS cannot make it smaller`
      : `must be at least ${next}: RDS grows storage by a tenth or more, and the database has ${running.storageGiB} GiB`,
    storageGiB,
    `pulumi config set --path database.storageGiB ${isLess ? running.storageGiB : next}`,
  );
}
