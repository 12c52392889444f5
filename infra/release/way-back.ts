import { type Pair, supportedSchemas } from "../core/compatibility";
import { Failure } from "../core/failure";

type Compatibility = Readonly<Record<string, readonly number[]>>;

/** Who migrates the database, as `database.migrations` says. */
type Migrations = "program" | "application" | "both";

/**
 * - `none`: nothing served before, or nothing changes
 * - `application only`: the prior release alone, the schema stays
 * - `either`: that, or release and schema together
 * - `full`: release and schema together, the one way
 * - `restore only`: a snapshot in the database's place, without what was written since
 */
export type WayBack = { kind: "none" | "application only" | "either" | "full" | "restore only"; words: string };

/** How a deployment from one pair to another is taken back, before it has begun. None but a restore stops the service or loses a row. */
export function wayBack(
  from: Pair | null,
  to: Pair,
  compatibility: Compatibility,
  migrations: Migrations = "program",
): WayBack {
  if (from === null) return { kind: "none", words: "there is none: nothing served before" };
  const release = from.release === to.release ? "" : `pulumi config set release ${from.release} && `;
  const full = `${release}pulumi config set schemaVersion ${from.schemaVersion} && pulumi up`;
  if (from.schemaVersion === to.schemaVersion)
    return release === ""
      ? { kind: "none", words: "none is needed: release and schema stay" }
      : { kind: "application only", words: `application only (schema ${to.schemaVersion} stays): ${release}pulumi up` };
  const isUp = to.schemaVersion > from.schemaVersion;
  const runsWithNew = supportedSchemas(from.release, compatibility)?.includes(to.schemaVersion) === true;
  if (migrations === "application") return wayBackOfTheApplications(from, to, release !== "" && runsWithNew);
  const removed =
    migrations === "both"
      ? "; what the application made since is removed as database.applicationJournal says, and named where that leaves any"
      : "";
  const how = isUp
    ? `after ${from.release} serves; what it removes is kept for the next way up${removed}`
    : `before ${from.release} serves; it takes back what was kept`;
  const both = `full (schema ${to.schemaVersion} → ${from.schemaVersion}, ${how}): ${full}`;
  if (release === "" || !runsWithNew) return { kind: "full", words: both };
  return {
    kind: "either",
    words: `application only (${from.release} runs with schema ${to.schemaVersion} too): ${release}pulumi up; or ${both}`,
  };
}

/** An application that migrates itself makes a schema that nobody takes back: not this program, nor the application's older release. */
function wayBackOfTheApplications(from: Pair, to: Pair, isReleaseEnough: boolean): WayBack {
  if (to.schemaVersion < from.schemaVersion)
    return {
      kind: "none",
      words: `none is needed: schema ${from.schemaVersion} is the application's own, and database.migrations: application takes none back`,
    };
  const restored = `schema ${from.schemaVersion} comes back by npm run restore alone, without what was written since the snapshot that this deployment makes`;
  if (!isReleaseEnough)
    return {
      kind: "restore only",
      words: `restore only (schema ${to.schemaVersion} is the application's own, and nobody takes it back): ${restored}`,
    };
  return {
    kind: "application only",
    words: `application only (${from.release} runs with schema ${to.schemaVersion} too, which is the application's own and stays): pulumi config set release ${from.release} && pulumi up; ${restored}`,
  };
}

/**
 * Why a deployment may not go from one pair to another though both are declared, or nothing: going up, the release that serves
 * runs on the newer schema until the new one takes over; going down, the older release serves on the newer schema first.
 */
export function transitionProblem(from: Pair | null, to: Pair, compatibility: Compatibility): Failure | undefined {
  if (from === null || from.schemaVersion === to.schemaVersion) return undefined;
  const isUp = to.schemaVersion > from.schemaVersion;
  const [release, schema] = isUp ? [from.release, to.schemaVersion] : [to.release, from.schemaVersion];
  const supported = supportedSchemas(release, compatibility);
  if (supported?.includes(schema) === true) return undefined;
  const when = isUp
    ? `serves while the schema goes up to ${schema}`
    : `serves on schema ${schema} before the schema goes down to ${to.schemaVersion}`;
  return new Failure(
    "transition-not-declared",
    `${release} ${when}, but app.compatibility declares it for ${supported === undefined ? "nothing" : `schema ${supported.join(" and ")}`}`,
    `a release in between that runs with both; or, once somebody knows that ${release} runs with it, add ${schema} to app.compatibility["${release}"]`,
    { changed: "nothing" },
  );
}
