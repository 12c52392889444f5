import { delimiter, join } from "node:path";

/** What a program that runs Pulumi needs in its environment to find this engine and these plugins, and no others. */
export function toolchainEnvironment(pulumiHome: string, path: string): Record<string, string> {
  const programs = join(pulumiHome, "bin");
  const others = path.split(delimiter).filter((directory) => directory !== "" && directory !== programs);
  return {
    PATH: [programs, ...others].join(delimiter),
    PULUMI_HOME: pulumiHome,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // A plugin that is missing is an error at once, instead of a download from a site that may never answer.
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  };
}

/** Lines for a shell's `eval`, safe whatever the values hold. */
export function exportLines(environment: Record<string, string>): string {
  return Object.entries(environment)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`)
    .join("");
}
