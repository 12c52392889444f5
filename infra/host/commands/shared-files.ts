import type { HostPaths } from "./paths";
import { quote } from "./shell";

/** The name that a volume keeps whatever the order of attaching. */
export function volumeDevice(volumeId: string): string {
  return `/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${volumeId.replace("-", "")}`;
}

/** A mount unit bears the name of where it mounts, escaped as `systemd-escape --path` does. */
export function mountUnitName(path: string): string {
  return `${path.replace(/^\//, "").replaceAll("-", "\\x2d").replaceAll("/", "-")}.mount`;
}

/** The data volume at every boot. Without it no backend starts, since it would write to the host's own disk. */
export function mountUnit(application: string, paths: HostPaths, volumeId: string): string {
  return `[Unit]
Description=${application} data volume

[Mount]
What=${volumeDevice(volumeId)}
Where=${paths.shared}
Type=ext4
Options=nodev,nosuid,noexec

[Install]
WantedBy=multi-user.target
`;
}

/** Waits for the volume and makes a file system on it, unless anything at all is on it; one on a volume that has grown grows too. */
export function prepareVolumeScript(paths: HostPaths, volumeId: string): string {
  const device = volumeDevice(volumeId);
  return `device=${quote(device)}
for _ in $(seq 60); do if [ -b "$device" ]; then break; fi; sleep 1; done
if ! [ -b "$device" ]; then echo "the data volume ${volumeId} is not attached to this host" >&2; exit 3; fi
install -d -m 0755 ${quote(paths.shared)}
# Volumes grow by GiB.
has_grown() {
  local used
  used=$(dumpe2fs -h "$device" 2>/dev/null | awk -F: '/^Block count:/ { count = $2 } /^Block size:/ { size = $2 } END { printf "%.0f", count * size }')
  [ "$used" -gt 0 ] && [ $(($(blockdev --getsize64 "$device") - used)) -gt 536870912 ]
}
if mountpoint -q ${quote(paths.shared)}; then
  if has_grown; then resize2fs "$device"; fi
else
  found=0
  blkid --probe "$device" >/dev/null || found=$?
  case $found in
    0) if has_grown; then
      checked=0
      e2fsck -f -p "$device" || checked=$?
      if [ "$checked" -gt 1 ]; then echo "the file system of the data volume ${volumeId} has errors (e2fsck ended with $checked); it was not grown" >&2; exit 3; fi
      resize2fs "$device"
    fi ;;
    2) mkfs.ext4 -q -m 1 "$device" ;;
    *) echo "what is on the data volume ${volumeId} can't be told (blkid ended with $found); nothing was written to it" >&2; exit 3 ;;
  esac
fi
`;
}

/** Where no volume belongs any more: nothing is mounted at the next boot, nor now unless somebody still uses it. */
export function forgetVolumeScript(paths: HostPaths): string {
  const unit = mountUnitName(paths.shared);
  const file = quote(`/etc/systemd/system/${unit}`);
  return `if [ -e ${file} ]; then
  systemctl disable --quiet --now ${quote(unit)} || true
  rm ${file}
  systemctl daemon-reload
fi
`;
}

export type LinkArgs = {
  application: string;
  paths: HostPaths;
  releaseDirectory: string;
  directories: readonly string[];
};

/**
 * Puts links to the data volume in a release's place of each shared directory. One that is not on the volume yet begins with what
 * this release carries; no later release touches it, what it carries is kept beside the link.
 */
export function linkSharedScript(args: LinkArgs): string {
  const { application, paths, releaseDirectory, directories } = args;
  if (directories.length === 0) return "";
  return `mountpoint -q ${quote(paths.shared)} || { echo "the data volume is not mounted at ${paths.shared}" >&2; exit 3; }
share() { # directory
  local shared=${quote(paths.shared)}/$1 own=${quote(releaseDirectory)}/app/$1
  if ! [ -e "$shared" ]; then
    mkdir -p "$(dirname "$shared")"
    rm -rf "$shared.new"
    if [ -d "$own" ] && ! [ -L "$own" ]; then cp -a "$own" "$shared.new"; else mkdir "$shared.new"; fi
    chown -R ${application}:${application} "$shared.new"
    chmod 0750 "$shared.new"
    mv -T "$shared.new" "$shared"
  fi
  if [ -e "$own" ] && ! [ -L "$own" ]; then rm -rf "$own.of-release"; mv -T "$own" "$own.of-release"; fi
  mkdir -p "$(dirname "$own")"
  ln -sfn "$shared" "$own"
}
${directories.map((directory) => `share ${quote(directory)}\n`).join("")}`;
}

/**
 * SHA-256 of each file below a directory, `sha256sum`'s own lines in the order of their names. A file that vanishes meanwhile is left
 * out; whatever else is in the way of reading ends the script with its words.
 */
export function manifestScript(directory: string): string {
  return `cd ${quote(directory)}
export LC_ALL=C
complaints=$(mktemp)
trap 'rm -f "$complaints"' EXIT
{ find . -xdev -type f -not -path './lost+found/*' -print0 || true; } 2> "$complaints" | sort -z |
  { xargs -0 --no-run-if-empty sha256sum || true; } 2>> "$complaints"
if grep -vE '^(find|sha256sum): .*: No such file or directory$' "$complaints" >&2; then exit 1; fi
`;
}

/** Mounts a copy of the data volume where nobody writes to it; made again each time. */
export function mountCopyScript(volumeId: string, at: string): string {
  const device = quote(volumeDevice(volumeId));
  return `for _ in $(seq 60); do if [ -b ${device} ]; then break; fi; sleep 1; done
install -d -m 0700 ${quote(at)}
mount -t ext4 -o ro,nodev,nosuid,noexec ${device} ${quote(at)}
`;
}

/** Lets go of a copy, mounted or not. */
export function unmountCopyScript(at: string): string {
  return `if mountpoint -q ${quote(at)}; then umount ${quote(at)}; fi
rm -rf --one-file-system ${quote(at)}
`;
}

/** Makes the data volume's files those of a mounted copy: what came since goes. */
export function restoreFilesScript(copy: string, shared: string): string {
  return `rsync --archive --hard-links --acls --xattrs --delete --exclude=/lost+found ${quote(`${copy}/`)} ${quote(`${shared}/`)}\n`;
}
