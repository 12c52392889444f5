export const slots = ["blue", "green"] as const;
export type Slot = (typeof slots)[number];

export function otherSlot(slot: Slot): Slot {
  return slot === "blue" ? "green" : "blue";
}

/** Where things lie on the host, for one application. */
export function hostPaths(application: string) {
  const root = `/srv/${application}`;
  const settings = `/etc/${application}`;
  const state = `/var/lib/${application}`;
  return {
    root,
    releases: `${root}/releases`,
    slot: (slot: Slot) => `${root}/slots/${slot}`,
    slots: `${root}/slots`,
    /** A directory for each slot: what nginx and HAProxy read of the one that serves. */
    serving: `${root}/serving`,
    /** Link to the directory of the slot that serves: the one thing that says so. */
    current: `${root}/current`,
    /** Link to the frontend files of all kept releases together (`keepFilesScript`). */
    keptFiles: `${root}/kept-files`,
    /** Where the data volume is mounted: a release's shared directories are links to here. */
    shared: `${root}/shared`,
    settings,
    slotEnvironment: (slot: Slot) => `${settings}/slots/${slot}.env`,
    /** Where PgBouncer, as the user postgres, may read it. */
    databaseAuthority: "/etc/pgbouncer/database-ca.pem",
    tlsCertificate: `${settings}/tls.pem`,
    tlsPrivateKey: `${settings}/tls.key`,
    state,
    evidence: `${state}/evidence`,
    lock: `${state}/lock`,
    /** What became of each release, an event a line. */
    ledger: `${state}/ledger.jsonl`,
    /** What an activation is about to do or has done, until it is confirmed or switched back. */
    activation: `${state}/activation.json`,
    /** Turns an activation back that nobody confirmed. */
    turnBack: `${state}/turn-back.sh`,
    /** While it exists, users see the page that says so. */
    maintenance: `${root}/maintenance`,
    haproxySocket: "/run/haproxy/admin.sock",
  } as const;
}

export type HostPaths = ReturnType<typeof hostPaths>;

export function backendUnit(application: string, slot: Slot | ""): string {
  return `${application}-backend@${slot}.service`;
}

/** Where a unit of this program's stands. */
export function unitFile(unit: string): string {
  return `/etc/systemd/system/${unit}`;
}

export function backendTarget(application: string): string {
  return `${application}-backend.target`;
}

/** Starts the slot that serves. */
export function servingUnit(application: string): string {
  return `${application}-backend-serving.service`;
}

/** The timer, and the service that it starts, that asks the public health. */
export function healthCheckUnit(application: string): string {
  return `${application}-health-check`;
}

/** The timer, and the service that it starts, of an activation that nobody confirmed. */
export function turnBackUnit(application: string): string {
  return `${application}-turn-back`;
}
