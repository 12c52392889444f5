import { hostPaths, loopback, type Slot, slots } from "./paths";

export type ProxyArgs = {
  application: string;
  ports: Record<Slot, number>;
  /** Who serves after HAProxy itself starts; while it runs, the runtime API turns the traffic. */
  serving: Slot | null;
};

/** HAProxy on loopback between nginx and the slots. */
export function haproxyConfig(args: ProxyArgs): string {
  return `global
    log /dev/log local0 notice
    user haproxy
    group haproxy
    stats socket ${hostPaths(args.application).haproxySocket} mode 600 level admin expose-fd listeners
    stats timeout 30s

defaults
    mode http
    log global
    option dontlognull
    option http-server-close
    option redispatch
    retries 5
    retry-on conn-failure
    timeout connect 2s
    timeout client 60s
    timeout server 60s
    timeout tunnel 1h
    timeout queue 10s

frontend backend-api
    bind 127.0.0.1:${loopback.backend}
    default_backend slots

backend slots
${slots
  .map((slot) => `    server ${slot} 127.0.0.1:${args.ports[slot]}${slot === args.serving ? "" : " disabled"}\n`)
  .join("")}`;
}

/** Runtime commands that turn traffic to a slot: first both, so that no moment is without a server. */
export function turnTo(slot: Slot, from: Slot): string[] {
  return [`set server slots/${slot} state ready`, `set server slots/${from} state drain`];
}

export type SlotSessions = Record<Slot, { sessions: number; status: string }>;

/**
 * Reads `show stat` (CSV, HAProxy 2.6 management guide, 9.1): current sessions and status of each slot.
 * @throws Error when a slot is not listed
 */
export function readSessions(csv: string): SlotSessions {
  const [head = "", ...rows] = csv.trim().split("\n");
  const columns = head.replace(/^# /, "").split(",");
  const at = (row: string, column: string) => row.split(",")[columns.indexOf(column)] ?? "";
  const read = (slot: Slot) => {
    const row = rows.find((candidate) => candidate.startsWith(`slots,${slot},`));
    if (row === undefined) throw new Error(`HAProxy does not know the slot ${slot}; it answered: ${csv.slice(0, 200)}`);
    return { sessions: Number(at(row, "scur")), status: at(row, "status") };
  };
  return { blue: read("blue"), green: read("green") };
}
