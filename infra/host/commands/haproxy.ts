import { loopback } from "../../core/loopback";
import { hostPaths, type Slot, slots } from "./paths";

/** `timeout connect`: HAProxy waits as long before it tries again. */
const retrySeconds = 0.2;

/** A server that nobody listens behind: while it stands alone, requests are tried again and again, and so held. */
const door = "door";

/**
 * HAProxy on loopback between nginx and the slots. Which slot serves stands in another file, `servingConfig`, that HAProxy reads
 * through the link `current`: so the one rename that turns the link decides what files nginx serves, which backend HAProxy
 * starts with and which unit a boot starts.
 *
 * A refused connection is tried again every 200 ms (HAProxy waits for `timeout connect`, at most 1 s, before it tries one server
 * twice) for `holdSeconds`, in which a backend may start. What was sent to a backend that then died without an answer is tried again
 * where that is harmless, never a POST.
 *
 * Headers of the kind X-Forwarded- that nginx does not set are a client's own claims and go no further.
 *
 * An answer may take 5 minutes, a websocket may be quiet for an hour. Answers that are streams of events are passed on as they come
 * (nginx heeds the header and keeps it from the client); all others nginx may hold, so that a slow client keeps no slot from draining.
 */
export function haproxyConfig(application: string): string {
  return `global
    log /dev/log local0 notice
    user haproxy
    group haproxy
    stats socket ${hostPaths(application).haproxySocket} mode 600 level admin expose-fd listeners
    stats timeout 30s

defaults
    mode http
    log global
    option dontlognull
    option http-server-close
    timeout connect ${retrySeconds * 1000}ms
    timeout client 60s
    timeout http-keep-alive 120s
    timeout server 300s
    timeout tunnel 1h
    timeout queue 10s

frontend backend-api
    bind 127.0.0.1:${loopback.backend}
    http-request del-header ^x-forwarded-(?!(for|proto|host|port)$) -m reg
    http-response set-header X-Accel-Buffering no if { res.hdr(content-type) -m beg -i text/event-stream }
    default_backend slots
`;
}

/** For how long a request waits for a backend at least: as long as systemd may take to start one that died. */
export const shortHoldSeconds = 10;

/**
 * Who serves after HAProxy itself starts; while it runs, the runtime API turns the traffic.
 * @param holdSeconds for how long a request waits while nobody listens
 */
export function servingConfig(
  ports: Record<Slot, number>,
  serving: Slot | null,
  holdSeconds: number = shortHoldSeconds,
): string {
  return `backend slots
    retries ${Math.ceil(holdSeconds / retrySeconds)}
    option redispatch 1
    retry-on conn-failure empty-response
    http-request disable-l7-retry unless METH_GET
${slots.map((slot) => `    server ${slot} 127.0.0.1:${ports[slot]}${slot === serving ? "" : " disabled"}\n`).join("")}    server ${door} 127.0.0.1:1 disabled
`;
}

/** HAProxy's second file, and the socket that Debian's own unit gives it. */
export function haproxyDefaults(application: string): string {
  return `EXTRAOPTS="-S /run/haproxy-master.sock -f ${hostPaths(application).current}/haproxy.cfg"
`;
}

/** Runtime commands that turn traffic to a slot: first both, so that no moment is without a server. */
export function turnTo(slot: Slot, from: Slot): string[] {
  return [
    `set server slots/${slot} state ready`,
    `set server slots/${from} state drain`,
    `set server slots/${door} state maint`,
  ];
}

/** Runtime commands after which new requests wait and those in flight end. */
export function holdFrom(slot: Slot): string[] {
  return [`set server slots/${door} state ready`, `set server slots/${slot} state drain`];
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
