import { existsSync } from "node:fs";
import { mkdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { ask, type Handler, Refusal } from "./api";
import { releaseLoop } from "./clear";
import type { Host } from "./host";
import type { CloudNames } from "./names";
import { changeRecord } from "./record";
import { type AttachedVolume, lowestFree, mountPointOf } from "./volume-files";
import { parseXml, textAt } from "./xml";

export interface VolumesArgs {
  names: CloudNames;
  hosts: ReadonlyMap<string, Host>;
}

/** EBS: a volume is a sparse file behind a loop device, which a host gets as a block device, as on Amazon. */
export class Volumes {
  private readonly attached = new Map<string, { host: Host; name: string; device: AttachedVolume }>();

  constructor(private readonly args: VolumesArgs) {}

  readonly handlers: Record<string, Handler> = {
    CreateVolume: async ({ parameters }, forward) => {
      const snapshot = parameters.get("SnapshotId");
      if (snapshot && !existsSync(this.fileOf(snapshot)))
        throw new Refusal("InvalidSnapshot.NotFound", `The snapshot '${snapshot}' does not exist.`);
      const answer = await forward();
      if (answer.status >= 300) return answer;
      const volumeId = textAt(parseXml(answer.body), "CreateVolumeResponse", "volumeId");
      const sizeGiB = Number(textAt(parseXml(answer.body), "CreateVolumeResponse", "size"));
      const file = this.fileOf(volumeId);
      await mkdir(join(this.args.names.state, "volumes"), { recursive: true, mode: 0o700 });
      if (snapshot) await copySparse(this.fileOf(snapshot), file);
      else await writeFile(file, "", { mode: 0o600 });
      await truncate(file, sizeGiB * 2 ** 30);
      return answer;
    },

    AttachVolume: async ({ parameters }, forward) => {
      const volumeId = parameters.get("VolumeId") ?? "";
      const host = this.args.hosts.get(parameters.get("InstanceId") ?? "");
      if (host && !host.isRunning)
        throw new Refusal("IncorrectState", "the local cloud attaches volumes to running instances only");
      const name = parameters.get("Device") ?? "";
      if ([...this.attached.values()].some((entry) => entry.host === host && entry.name === name))
        throw new Refusal(
          "InvalidParameterValue",
          `Invalid value '${name}' for unixDevice. Attachment point ${name} is already in use`,
        );
      const answer = await forward();
      if (answer.status >= 300 || !host) return answer;
      const file = this.fileOf(volumeId);
      changeRecord(this.args.names.home, (record) => record.loopFiles.push(file));
      const { stdout: loop } = await execa("losetup", ["--find", "--show", file]);
      const [major = 0, minor = 0] = (await readFile(`/sys/class/block/${loop.replace("/dev/", "")}/dev`, "utf8"))
        .trim()
        .split(":")
        .map(Number);
      const index = lowestFree(this.devicesOf(host).map((device) => device.index));
      this.attached.set(volumeId, { host, name, device: { volumeId, index, major, minor } });
      await host.showVolumes(this.devicesOf(host));
      return answer;
    },

    DetachVolume: async ({ parameters }, forward) => {
      const volumeId = parameters.get("VolumeId") ?? "";
      const at = await this.mountPoint(volumeId);
      if (at && parameters.get("Force") !== "true")
        throw new Refusal(
          "IncorrectState",
          `${volumeId} is mounted at ${at}: unmount it or stop the instance first (Amazon would leave it busy)`,
        );
      const answer = await forward();
      if (answer.status < 300) await this.detach(volumeId);
      return answer;
    },

    ModifyVolume: async ({ parameters }, forward) => {
      const answer = await forward();
      const sizeGiB = Number(parameters.get("Size") ?? 0);
      if (answer.status >= 300 || sizeGiB === 0) return answer;
      const volumeId = parameters.get("VolumeId") ?? "";
      const file = this.fileOf(volumeId);
      await truncate(file, sizeGiB * 2 ** 30);
      const entry = this.attached.get(volumeId);
      // The host sees a larger device at once; the file system on it stays as it is.
      if (entry) await execa("losetup", ["--set-capacity", `/dev/loop${entry.device.minor}`]);
      return answer;
    },

    DeleteVolume: async ({ parameters }, forward) => {
      const answer = await forward();
      if (answer.status < 300) await rm(this.fileOf(parameters.get("VolumeId") ?? ""), { force: true });
      return answer;
    },

    CreateSnapshot: async ({ region, parameters }, forward) => {
      const volumeId = parameters.get("VolumeId") ?? "";
      if (!existsSync(this.fileOf(volumeId))) {
        await ask("ec2", region, "DescribeVolumes", { "VolumeId.1": volumeId });
        throw new Refusal(
          "InvalidVolume.NotFound",
          `the local cloud takes snapshots of volumes made by CreateVolume, and ${volumeId} is none`,
        );
      }
      const answer = await forward();
      if (answer.status >= 300) return answer;
      await this.snapshot(volumeId, textAt(parseXml(answer.body), "CreateSnapshotResponse", "snapshotId"));
      return answer;
    },

    DeleteSnapshot: async ({ parameters }, forward) => {
      const answer = await forward();
      if (answer.status < 300) await rm(this.fileOf(parameters.get("SnapshotId") ?? ""), { force: true });
      return answer;
    },
  };

  /** Its instance is gone. */
  async detachAll(host: Host): Promise<void> {
    for (const { volumeId } of this.devicesOf(host)) await this.detach(volumeId);
  }

  private async detach(volumeId: string): Promise<void> {
    const entry = this.attached.get(volumeId);
    if (!entry) return;
    this.attached.delete(volumeId);
    if (entry.host.isRunning) await entry.host.showVolumes(this.devicesOf(entry.host));
    const file = this.fileOf(volumeId);
    await releaseLoop(file);
    changeRecord(this.args.names.home, (record) => (record.loopFiles = record.loopFiles.filter((one) => one !== file)));
  }

  /** One point in time: a mounted file system is frozen while it is copied. */
  private async snapshot(volumeId: string, snapshotId: string): Promise<void> {
    const entry = this.attached.get(volumeId);
    const at = await this.mountPoint(volumeId);
    if (!entry || !at) {
      if (entry)
        await execa("blockdev", ["--flushbufs", `/dev/block/${entry.device.major}:${entry.device.minor}`], {
          reject: false,
        });
      return copySparse(this.fileOf(volumeId), this.fileOf(snapshotId));
    }
    await entry.host.inside("fsfreeze", ["--freeze", at]);
    try {
      await copySparse(this.fileOf(volumeId), this.fileOf(snapshotId));
    } finally {
      await entry.host.inside("fsfreeze", ["--unfreeze", at]);
    }
  }

  private async mountPoint(volumeId: string): Promise<string | null> {
    const entry = this.attached.get(volumeId);
    const leader = await entry?.host.leader();
    if (!entry || !leader) return null;
    return mountPointOf(
      await readFile(`/proc/${leader}/mountinfo`, "utf8").catch(() => ""),
      entry.device.major,
      entry.device.minor,
    );
  }

  private devicesOf(host: Host): AttachedVolume[] {
    return [...this.attached.values()].filter((entry) => entry.host === host).map(({ device }) => device);
  }

  private fileOf(id: string): string {
    return join(this.args.names.state, "volumes", `${id.replaceAll(/[^a-z0-9-]/g, "")}.img`);
  }
}

async function copySparse(from: string, to: string): Promise<void> {
  await execa("cp", ["--sparse=always", "--reflink=auto", from, to]);
}
