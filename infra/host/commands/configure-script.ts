import { quote } from "./shell";

export type ManagedFile = {
  path: string;
  content: string;
  mode: string;
  owner: string;
  /** Services that have to hear of a change, in order. */
  services: readonly string[];
};

export type ConfigureArgs = {
  files: readonly ManagedFile[];
  /** Commands that must succeed with the new files before any service hears of them. */
  tests: readonly string[];
  /** Commands that load the new files, by service. */
  loads: Readonly<Record<string, string>>;
};

/**
 * A script that puts files in place, tests them, loads them, and puts the old ones back if anything fails.
 * It prints the paths that changed, one a line.
 */
export function configureScript(args: ConfigureArgs): string {
  return `set -E
work=$(mktemp -d)
changed=()
restore() {
  status=$?
  trap - ERR
  for index in "\${!changed[@]}"; do
    path=\${changed[$index]}
    if [ -e "$work/$index.old" ]; then cp -a "$work/$index.old" "$path"; else rm -f "$path"; fi
  done
  systemctl daemon-reload
  load || true
  rm -rf "$work"
  echo "the old files are back in place" >&2
  exit "$status"
}
declare -A services=()
load() {
  :
${Object.entries(args.loads)
  .map(([service, command]) => `  if [ -n "\${services[${service}]:-}" ]; then ${command}; fi\n`)
  .join("")}}
place() { # path mode owner services
  base64 -d > "$work/new"
  if [ -e "$1" ] && cmp -s "$work/new" "$1" && [ "$(stat -c "%a %U:%G" "$1")" = "$2 $3" ]; then return 0; fi
  index=\${#changed[@]}
  if [ -e "$1" ]; then cp -a "$1" "$work/$index.old"; fi
  changed+=("$1")
  for service in $4; do services[$service]=yes; done
  mkdir -p "$(dirname "$1")"
  install -m "$2" -o "\${3%%:*}" -g "\${3##*:}" "$work/new" "$1.new"
  mv "$1.new" "$1"
}
trap restore ERR
${args.files
  .map(
    (
      file,
    ) => `place ${quote(file.path)} ${file.mode.replace(/^0/, "")} ${quote(file.owner)} ${quote(file.services.join(" "))} <<'CONTENT'
${Buffer.from(file.content).toString("base64")}
CONTENT
`,
  )
  .join("")}if [ \${#changed[@]} -gt 0 ]; then
  systemctl daemon-reload
${args.tests.map((test) => `  ${test}\n`).join("")}  load
fi
trap - ERR
rm -rf "$work"
for path in "\${changed[@]}"; do echo "$path"; done
`;
}
