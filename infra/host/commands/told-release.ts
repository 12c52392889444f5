/**
 * What is wrong with the release that health tells, or nothing.
 * @param field where it stands in the answer, such as `data.release`; empty where the application doesn't tell
 */
export function toldReleaseProblem(body: string, field: string, release: string): string | undefined {
  if (field === "") return undefined;
  const told = valueAt(body, field);
  if (told === undefined)
    return `health tells no release in ${field}. Remedy: pulumi config set --path app.healthReleaseField with the right field, or '' where the application tells none`;
  return told === release ? undefined : `the health endpoint reports ${told}; expected ${release}`;
}

function valueAt(body: string, field: string): unknown {
  try {
    return field
      .split(".")
      .reduce<unknown>(
        (value, name) =>
          typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined,
        JSON.parse(body),
      );
  } catch {
    return undefined;
  }
}
