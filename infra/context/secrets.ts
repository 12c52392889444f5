import type { StepInput } from "./input";

/** Every secret of the stack, for redaction. A PEM's lines count each for itself. */
export function secretsOf(input: StepInput): string[] {
  const { app, ...own } = input.settings.secrets;
  return [...Object.values(own), ...Object.values(app)]
    .filter((secret) => secret !== undefined)
    .flatMap((secret) =>
      secret.includes("\n") ? secret.split("\n").filter((row) => !row.startsWith("-----")) : [secret],
    )
    .map((secret) => secret.trim())
    .filter((secret) => secret.length >= 8);
}
