import { namesRelease } from "../core/compatibility";
import type { BoxId } from "./boxes";

/** Boxes about providers, models and templates: they cannot be proved before the schema version that creates those tables. */
export const providerBoxes: readonly BoxId[] = [
  "MIG-2.2",
  "MIG-3.1",
  "MIG-3.2",
  "MIG-3.3",
  "APP-2.2",
  "APP-3.4",
  "FUN-1.1",
  "FUN-1.2",
  "FUN-1.3",
  "FUN-1.4",
  "FUN-1.5",
  "FUN-1.6",
  "FUN-2.2",
  "FUN-2.3",
  "FUN-2.4",
  "FUN-3.1",
  "FUN-3.2",
  "FUN-3.3",
  "PER-1.1",
  "PER-1.2",
  "PER-2.2",
  "SEC-1.1",
  "SEC-1.2",
  "MON-1.1",
  "MON-1.3",
  "MON-2.1",
  "TRB-3",
];

const needsProviders: ReadonlySet<BoxId> = new Set(providerBoxes);

/** The first schema version at which a box can be proved. `providersSinceSchema` is the setting `app.providersSinceSchema`. */
export function provableSinceSchema(id: BoxId, providersSinceSchema = 2): number {
  return needsProviders.has(id) ? providersSinceSchema : 1;
}

/** Why a box is `not needed` at this schema version; undefined if it can be proved. */
export function notNeededAtSchema(id: BoxId, schemaVersion: number, providersSinceSchema = 2): string | undefined {
  const since = provableSinceSchema(id, providersSinceSchema);
  return schemaVersion >= since
    ? undefined
    : `dynamic providers come with schema ${since}; this deployment is at schema ${schemaVersion}`;
}

type ProviderSettings = { providersSinceSchema: number; releasesWithoutProviders: readonly string[] };

/** Whether a release supports dynamic providers: an older one runs beside their tables without using them. */
export function knowsProviders(release: string, schemaVersion: number, app: ProviderSettings): boolean {
  return (
    schemaVersion >= app.providersSinceSchema &&
    !app.releasesWithoutProviders.some((pattern) => namesRelease(pattern, release))
  );
}

/** Why a box is `not needed` for this release at this schema version; undefined if it can be proved. */
export function whyNotNeeded(
  id: BoxId,
  release: string,
  schemaVersion: number,
  app: ProviderSettings,
): string | undefined {
  if (!needsProviders.has(id) || knowsProviders(release, schemaVersion, app)) return undefined;
  return (
    notNeededAtSchema(id, schemaVersion, app.providersSinceSchema) ??
    `${release} does not support dynamic providers (app.releasesWithoutProviders)`
  );
}
