import { backendUnit, type Slot } from "./paths";

/** How a slot's backend fares, as systemd and the kernel see it. */
export type BackendState = {
  /** systemd's ActiveState: `active` while it runs. */
  active: string;
  /** How often systemd has started it again since its last start by somebody. */
  restarts: number;
  /** Resident memory of the main process and all below it. */
  memoryMiB: number;
  /** TCP ports that these processes listen on. */
  ports: number[];
};

/**
 * Prints a slot's state in one line. The memory is summed over the processes: a cgroup of version 1 may neither count nor limit it.
 */
export function backendStateScript(application: string, slot: Slot): string {
  const unit = backendUnit(application, slot);
  return `main=$(systemctl show -p MainPID --value ${unit})
family=$(ps -eo pid=,ppid=,rss= | awk -v main="$main" '
  { parent[$1] = $2; kib[$1] = $3 }
  END { for (pid in kib) { up = pid; while (up > 1 && up != main) up = parent[up]; if (main > 1 && up == main) print pid, kib[pid] } }')
pids=$(echo "$family" | cut -d' ' -f1 | paste -sd'|')
ports=$(ss -ltnpH | { grep -E "pid=($pids)," || true; } | awk '{ sub(/.*:/, "", $4); print $4 }' | sort -un | paste -sd,)
echo "$(systemctl show -p ActiveState --value ${unit}) $(systemctl show -p NRestarts --value ${unit}) $(echo "$family" | awk '{ sum += $2 } END { print sum + 0 }') $ports"
`;
}

/** @throws Error when the line is not one of the script's */
export function readBackendState(line: string): BackendState {
  const [, active, restarts, kib, ports] = /^(\S+) (\d+) (\d+) ?([\d,]*)$/.exec(line.trim()) ?? [];
  if (active === undefined) throw new Error(`the backend's state could not be read: ${line}`);
  return {
    active,
    restarts: Number(restarts),
    memoryMiB: Math.round(Number(kib) / 1024),
    ports: (ports ?? "").split(",").filter(Boolean).map(Number),
  };
}

/** Why a backend that should be serving is refused, or nothing. */
export function backendProblem(
  state: BackendState,
  limits: { restartsBefore: number; memoryLimitMiB: number },
): string | undefined {
  if (state.restarts > limits.restartsBefore) return "the backend ended by itself, and systemd started it again";
  if (state.active !== "active") return `the backend ended by itself (systemd calls it ${state.active})`;
  if (state.memoryMiB > limits.memoryLimitMiB)
    return `the backend uses ${state.memoryMiB} MiB, more than app.backend.memoryLimitMiB (${limits.memoryLimitMiB})`;
  return undefined;
}

/** Why a backend that runs and does not answer its health is silent, as far as its ports tell. */
export function silenceReason(state: BackendState, port: number): string | undefined {
  if (state.ports.includes(port)) return undefined;
  if (state.ports.length > 0)
    return `nobody listens on port ${port}, but the backend listens on ${state.ports.join(" and ")}: does the release take its port from the variable that says \${port}?`;
  return state.active === "active" ? `the backend runs and listens on no port` : undefined;
}
