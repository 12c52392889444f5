import type { Looked } from "./look";
import { hidden, resolvedSettings, settingsDifferences } from "./settings-differences";
import { StackConfig } from "./stack-config";
import { inputOf } from "./stack-state";

/** Prints every setting as the program reads it, defaults included and secrets hidden, and what the last deployment had otherwise. */
export async function config({ stack, configFile, state, say }: Looked, options: { json?: boolean }): Promise<boolean> {
  const settings = await new StackConfig(stack, configFile).settings();
  const last = inputOf(state)?.settings;
  const differences = last === undefined ? [] : settingsDifferences(last, settings);
  const resolved = resolvedSettings(settings);
  if (options.json === true) {
    say(
      JSON.stringify({
        stack,
        settings: Object.fromEntries(
          resolved.map(({ key, value }) => [key, value === hidden ? value : (JSON.parse(value) as unknown)]),
        ),
        differences,
      }),
    );
    return true;
  }
  say(resolved.map(({ key, value }) => `${key} = ${value}`).join("\n"));
  say(
    last === undefined
      ? "\nNothing was deployed yet."
      : differences.length === 0
        ? "\nThe last deployment had the same settings."
        : `\nOther than the last deployment:\n${differences.map(({ key, before, after }) => `  ${key}: ${before} → ${after}`).join("\n")}`,
  );
  return true;
}
