import { z } from "zod";

/** A release and the schema version that it runs with. */
export const pairSchema = z.strictObject({ release: z.string().min(1), schemaVersion: z.int().min(0) });
export type Pair = z.infer<typeof pairSchema>;

/**
 * The schema versions that a release runs with: its own entry, else that of the longest prefix that ends in `*`.
 */
export function supportedSchemas(
  release: string,
  compatibility: Readonly<Record<string, readonly number[]>>,
): readonly number[] | undefined {
  if (compatibility[release] !== undefined) return compatibility[release];
  const prefix = Object.keys(compatibility)
    .filter((key) => key.endsWith("*") && release.startsWith(key.slice(0, -1)))
    .sort((a, b) => b.length - a.length)[0];
  return prefix === undefined ? undefined : compatibility[prefix];
}

/** What is wrong with a pair of release and schema version, or nothing. */
export function pairProblem(
  release: string,
  schemaVersion: number,
  compatibility: Readonly<Record<string, readonly number[]>>,
): string | undefined {
  const supported = supportedSchemas(release, compatibility);
  if (supported === undefined)
    return (
      `prompt-library:app.compatibility does not list release ${release}. ` +
      `Remedy: pulumi config set --path 'app.compatibility["${release}"][0]' ${schemaVersion}, once you know that it runs with that schema`
    );
  if (!supported.includes(schemaVersion))
    return (
      `prompt-library:schemaVersion must be one that ${release} supports: ${supported.join(" or ")} (it is ${schemaVersion}). ` +
      `Remedy: pulumi config set schemaVersion ${supported.at(-1)}, or another release`
    );
  return undefined;
}

/** Whether a name, or a prefix that ends in `*`, means this release. */
export function namesRelease(pattern: string, release: string): boolean {
  return pattern.endsWith("*") ? release.startsWith(pattern.slice(0, -1)) : release === pattern;
}
