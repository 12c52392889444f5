/** Names and ports that several files of the host agree on. */
export const loopback = {
  /** HAProxy, which switches traffic between the slots. */
  backend: 8000,
  /** PgBouncer. */
  database: 6432,
  redis: 6379,
  /** nginx's listener for one slot, which users never see: what verification looks at. */
  preview: { blue: 8101, green: 8102 },
} as const;

/** Where something listens already; no backend may. */
export const takenPorts: readonly number[] = [
  loopback.backend,
  loopback.database,
  loopback.redis,
  ...Object.values(loopback.preview),
];
