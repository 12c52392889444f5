import { backendUnit, type Slot } from "./paths";
import { line, quote } from "./shell";

/** Lines of one start that are read at most; the newest are kept. */
const mostLines = 20_000;

/** What a slot's backend wrote since it was started, each line as JSON with its level. */
export function journalSinceStart(application: string, slot: Slot): string {
  const unit = backendUnit(application, slot);
  return `since=$(date -d "$(systemctl show -p ExecMainStartTimestamp --value ${unit})" +%s)
journalctl -u ${unit} --since "@$since" -n ${mostLines} -o json --output-fields=MESSAGE,PRIORITY --no-pager _SYSTEMD_UNIT=${unit}
`;
}

/** Prints how many files lie below a directory, then each in which a pattern of `grep -E` is found. */
export function searchFilesScript(directory: string, patterns: readonly string[]): string {
  return `patterns=$(mktemp)
trap 'rm -f "$patterns"' EXIT
base64 -d > "$patterns" <<'PATTERNS'
${Buffer.from(`${patterns.join("\n")}\n`).toString("base64")}
PATTERNS
find ${quote(directory)} -xdev -type f | wc -l
grep -rlaE -f "$patterns" ${quote(directory)} || [ $? = 1 ]
`;
}

export function readSearch(printed: string): { searched: number; found: string[] } {
  const [searched, ...found] = printed.split("\n").filter((row) => row !== "");
  return { searched: Number(searched), found };
}

/** What the backends of both slots wrote, each line as JSON: as one command line for the host's own shell. */
export function backendLogCommand(
  application: string,
  { since, lines, follow }: { since?: string; lines: number; follow?: boolean },
): string {
  return line(
    ...["sudo", "journalctl", "-u", `${application}-backend@*`, "-o", "json", "--no-pager", "-n", String(lines)],
    "--output-fields=MESSAGE,PRIORITY,_SYSTEMD_UNIT",
    ...(since === undefined ? [] : ["--since", since]),
    ...(follow === true ? ["-f"] : []),
  );
}

/**
 * Prints who says it and how many bytes a slot's backend takes: its control group where that is counted (cgroups version 2), else
 * the resident memory of the processes in it.
 */
export function memoryScript(application: string, slot: Slot): string {
  const unit = backendUnit(application, slot);
  return `counted=$(systemctl show -p MemoryCurrent --value ${unit})
case "$counted" in
  ''|*[!0-9]*) ;;
  *) if [ "$counted" -gt 0 ] && [ "\${#counted}" -lt 19 ]; then echo "cgroup $counted"; exit 0; fi ;;
esac
group=$(systemctl show -p ControlGroup --value ${unit})
total=0
for root in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
  if [ -r "$root$group/cgroup.procs" ]; then
    while read -r pid; do
      kib=$(awk '/^VmRSS:/ { print $2 }' "/proc/$pid/status" 2>/dev/null || true)
      total=$((total + \${kib:-0}))
    done < "$root$group/cgroup.procs"
    break
  fi
done
if [ "$total" -eq 0 ]; then
  pid=$(systemctl show -p MainPID --value ${unit})
  total=$(awk '/^VmRSS:/ { print $2 }' "/proc/$pid/status")
fi
echo "processes $((total * 1024))"
`;
}
