import { join } from "node:path";
import { execa } from "execa";
import { type ApiResponse, Refusal } from "./api";
import type { Cluster } from "./cluster";

export interface Snapshot {
  directory: string;
  major: number;
  masterUser: string;
  status: "creating" | "available" | "failed";
}

/** Base backups behind RDS's snapshots. One takes its time, as on Amazon, and cannot be used or deleted before it is done. */
export class Snapshots {
  /** By `REGION/NAME`. */
  private readonly snapshots = new Map<string, Snapshot>();
  private count = 0;

  constructor(private readonly state: string) {}

  /** @returns when the backup is done; the record is there at once */
  async make(region: string, name: string, cluster: Cluster): Promise<void> {
    const parent = join(this.state, "snapshots");
    const { major, masterUser } = cluster.args;
    const directory = join(parent, String(++this.count));
    const snapshot: Snapshot = { directory, major, masterUser, status: "creating" };
    this.snapshots.set(`${region}/${name}`, snapshot);
    try {
      await execa("install", ["-d", "-o", "postgres", "-g", "postgres", "-m", "0700", parent]);
      await cluster.backUp(directory);
      snapshot.status = "available";
    } catch (error) {
      snapshot.status = "failed";
      throw error;
    }
  }

  /** Null for one that this cloud did not make; moto says then what is wrong with it. */
  available(region: string, name: string): Snapshot | null {
    const snapshot = this.snapshots.get(`${region}/${name}`);
    if (snapshot === undefined) return null;
    if (snapshot.status !== "available")
      throw new Refusal(
        "InvalidDBSnapshotState",
        `The snapshot ${name} is not in a state in which this can be done: it is ${snapshot.status}.`,
      );
    return snapshot;
  }

  /** @throws Refusal for one that is still being made */
  refuseDeletion(region: string, name: string): void {
    if (this.snapshots.get(`${region}/${name}`)?.status === "creating")
      throw new Refusal(
        "InvalidDBSnapshotState",
        `Cannot delete the snapshot ${name} because it is not in the available state: it is creating.`,
      );
  }

  async forget(region: string, name: string): Promise<void> {
    const snapshot = this.snapshots.get(`${region}/${name}`);
    if (snapshot === undefined) return;
    this.snapshots.delete(`${region}/${name}`);
    await execa("rm", ["-rf", snapshot.directory]);
  }

  /** moto calls each of them available at once, and lists one of RDS's own for each instance, of which nothing was kept here. */
  withStatus(region: string, answer: ApiResponse): ApiResponse {
    const body = answer.body.replace(/<DBSnapshot>.*?<\/DBSnapshot>/gs, (block) => {
      const name = /<DBSnapshotIdentifier>(.*?)<\/DBSnapshotIdentifier>/.exec(block)?.[1] ?? "";
      const known = this.snapshots.get(`${region}/${name}`);
      if (known === undefined && block.includes("<SnapshotType>automated</SnapshotType>")) return "";
      const status = known?.status ?? "available";
      return block.replace(/<Status>.*?<\/Status>/, `<Status>${status}</Status>`);
    });
    return { ...answer, body };
  }
}
