/**
 * Fills `${name}` in an environment's values.
 * @throws Error naming variable and reference when a reference has no value
 */
export function fillVariables(
  variables: Readonly<Record<string, string>>,
  values: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).map(([name, template]) => [
      name,
      template.replace(/\$\{([^}]+)\}/g, (_, reference: string) => {
        const value = values[reference];
        if (value === undefined)
          throw new Error(
            `app.backend.variables.${name} refers to \${${reference}}, which does not exist; there are ${Object.keys(values).sort().join(", ")}`,
          );
        return value;
      }),
    ]),
  );
}

/** An `EnvironmentFile` of systemd: each value in double quotes, so that spaces, # and ' keep their meaning. */
export function environmentFile(variables: Readonly<Record<string, string>>): string {
  return Object.keys(variables)
    .sort()
    .map((name) => `${name}="${(variables[name] ?? "").replace(/[\\"$`]/g, "\\$&")}"\n`)
    .join("");
}
