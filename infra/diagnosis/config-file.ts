import { quote } from "../host/commands/shell";

const takesIt =
  /^(pulumi (up|refresh|config|preview)|npm run (restore|preflight|verify|status|diagnose|logs|lock|psql))\b/;

/** A command as it works where the stack's config is another file than Pulumi.STACK.yaml. */
export function withConfigFile(command: string, configFile: string | undefined): string {
  if (configFile === undefined) return command;
  const option = ` --config-file ${quote(configFile)}`;
  return command
    .split("\n")
    .map((line) => {
      if (!takesIt.test(line)) return line;
      const [words = "", file] = line.split(" < ");
      return `${words}${option}${file === undefined ? "" : ` < ${file}`}`;
    })
    .join("\n");
}
