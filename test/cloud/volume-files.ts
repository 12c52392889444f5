/** A volume as a host sees it: on today's instance types each is an NVMe device, named in the order of attaching. */
export interface AttachedVolume {
  volumeId: string;
  /** 1 is /dev/nvme1n1; 0 would be the root volume. */
  index: number;
  major: number;
  minor: number;
}

/** The name that stays the same whatever the order: what udev makes on Amazon. */
export function deviceLink(volumeId: string): string {
  return `/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${volumeId.replace("-", "")}`;
}

/** A tmpfiles.d file: systemd makes the device nodes at each boot, since no udev runs in the host. */
export function devicesFile(volumes: readonly AttachedVolume[]): string {
  return volumes
    .flatMap(({ volumeId, index, major, minor }) => [
      `b+ /dev/nvme${index}n1 0660 root disk - ${major}:${minor}`,
      `L+ ${deviceLink(volumeId)} - - - - ../../nvme${index}n1`,
    ])
    .map((line) => `${line}\n`)
    .join("");
}

/** Where a device is mounted, from /proc/PID/mountinfo; null where it isn't. */
export function mountPointOf(mountinfo: string, major: number, minor: number): string | null {
  for (const line of mountinfo.split("\n")) {
    const fields = line.split(" ");
    if (fields[2] === `${major}:${minor}`) return fields[4] ?? null;
  }
  return null;
}

export function lowestFree(taken: readonly number[]): number {
  let index = 1;
  while (taken.includes(index)) index++;
  return index;
}
