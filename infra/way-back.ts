import { supportedSchemas } from "./compatibility";

export type Pair = { release: string; schemaVersion: number };

type Compatibility = Readonly<Record<string, readonly number[]>>;

/**
 * - `none`: nothing served before, or nothing changes
 * - `application only`: the prior release alone, the schema stays
 * - `either`: that, or release and schema together
 * - `full`: release and schema together, the one way
 */
export type WayBack = { kind: "none" | "application only" | "either" | "full"; words: string };

/** How a deployment from one pair to another is taken back, before it has begun. Neither way stops the service or restores anything. */
export function wayBack(from: Pair | null, to: Pair, compatibility: Compatibility): WayBack {
  if (from === null) return { kind: "none", words: "there is none: nothing served before" };
  const release = from.release === to.release ? "" : `pulumi config set release ${from.release} && `;
  const full = `${release}pulumi config set schemaVersion ${from.schemaVersion} && pulumi up`;
  if (from.schemaVersion === to.schemaVersion)
    return release === ""
      ? { kind: "none", words: "none is needed: release and schema stay" }
      : { kind: "application only", words: `application only (schema ${to.schemaVersion} stays): ${release}pulumi up` };
  const isUp = to.schemaVersion > from.schemaVersion;
  const how = isUp ? `after ${from.release} serves; what it removes is kept for the next way up` : `before ${from.release} serves; it takes back what was kept`;
  const both = `full (schema ${to.schemaVersion} → ${from.schemaVersion}, ${how}): ${full}`;
  const runsWithNew = supportedSchemas(from.release, compatibility)?.includes(to.schemaVersion) === true;
  if (release === "" || !runsWithNew) return { kind: "full", words: both };
  return { kind: "either", words: `application only (${from.release} runs with schema ${to.schemaVersion} too): ${release}pulumi up; or ${both}` };
}

/**
 * Why a deployment may not go from one pair to another though both are declared, or nothing: going up, the release that serves
 * runs on the newer schema until the new one takes over; going down, the older release serves on the newer schema first.
 */
export function transitionProblem(from: Pair | null, to: Pair, compatibility: Compatibility): string | undefined {
  if (from === null || from.schemaVersion === to.schemaVersion) return undefined;
  const isUp = to.schemaVersion > from.schemaVersion;
  const [release, schema] = isUp ? [from.release, to.schemaVersion] : [to.release, from.schemaVersion];
  const supported = supportedSchemas(release, compatibility);
  if (supported?.includes(schema) === true) return undefined;
  const when = isUp ? `serves while the schema goes up to ${schema}` : `serves on schema ${schema} before the schema goes down to ${to.schemaVersion}`;
  return (
    `${release} ${when}, but app.compatibility declares it for ${supported === undefined ? "nothing" : `schema ${supported.join(" and ")}`}. ` +
    `Remedy: a release in between that runs with both, or add ${schema} to app.compatibility["${release}"] once somebody knows that it runs with it`
  );
}
