import { createHash } from "node:crypto";
import { quote } from "./shell";

/**
 * Prints, for each variable, the keyed hash of its line in an environment file, or `-` where the file has none. The key is the
 * caller's, new each time: what is printed tells nobody anything, and no value leaves the host.
 */
export function continuityScript(file: string, variables: readonly string[], key: string): string {
  return `if ! [ -e ${quote(file)} ]; then exit 0; fi
key=${quote(key)}
for name in ${variables.map(quote).join(" ")}; do
  if line=$(grep -m1 "^$name=" ${quote(file)}); then
    hash=$(printf '%s%s' "$key" "$line" | sha256sum)
    echo "$name \${hash%% *}"
  else
    echo "$name -"
  fi
done
`;
}

/**
 * Which of the variables are not what they were.
 * @param printed what the script printed; nothing where no environment file is there to compare with
 * @param environment the environment file that the deployment would write
 */
export function changedVariables(printed: string, environment: string, key: string): string[] {
  const lines = new Map(environment.split("\n").map((line) => [line.slice(0, line.indexOf("=")), line]));
  return printed
    .split("\n")
    .filter((row) => row !== "")
    .map((row) => row.split(" ") as [string, string])
    .filter(([name, hash]) => {
      const line = lines.get(name);
      return hash !== (line === undefined ? "-" : createHash("sha256").update(`${key}${line}`).digest("hex"));
    })
    .map(([name]) => name);
}
