import type { Release } from "../release/release";
import type { Settings } from "../settings/settings";

/** What every phase is given on stdin; made by infra/index.ts from settings that are parsed already. */
export type StepInput = {
  stack: string;
  release: Release;
  /** Digest of sql/migrations' chain. */
  migrations: string;
  /**
   * `publicKey` is pinned: no other SSH key is taken for this host's. `address` is the elastic one, or the host's own while it has not
   * got that yet (locate-host.ts).
   */
  host: { id: string; address: string; publicKey: string };
  database: {
    identifier: string;
    /** Resource id of the instance that began empty, whatever it was restored from since. */
    lineage: string;
    address: string;
    port: number;
    name: string;
    /** PEM. */
    certificateAuthority: string;
  };
  /** PEM of who signed the public certificate; null where browsers know them. */
  publicAuthority: string | null;
  /** Holds `app.sharedDirectories`; null where there are none. */
  dataVolume: { id: string } | null;
  bucket: string;
  /** Names in CloudWatch. */
  monitoring: { dashboard: string; alarms: string[] };
  /** Told when a deployment starts, succeeds or fails. */
  topicArn: string;
  settings: Settings;
};
