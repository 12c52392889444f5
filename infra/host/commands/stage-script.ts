import { artifactObject } from "../../release/artifact/object";
import { fetchScript, spaceScript } from "./fetch-script";
import { keepFilesScript } from "./kept-files";
import { backendUnit, type HostPaths, type Slot, unitFile } from "./paths";
import { linkSharedScript } from "./shared-files";
import { quote, writeFileScript } from "./shell";

export type BringArgs = {
  paths: HostPaths;
  region: string;
  bucket: string;
  artifact: { digest: string; bytes: number; unpackedBytes: number };
  release: string;
};

/** Kept free beside a release, for what the host writes meanwhile. */
const reserveBytes = 64 * 1_048_576;

/** Where a release lies on the host: named by what it is, so that an unpacked one is never written again. */
export function releaseDirectory(paths: HostPaths, digest: string): string {
  return `${paths.releases}/${digest.slice(0, 16)}`;
}

/**
 * Brings a release beside the others: fetched, checked by its digest, then unpacked. Half an archive never gets the release's name, and
 * one that is there is never written again. Prints `there` or `brought`.
 */
export function bringScript(args: BringArgs): string {
  const { paths, region, bucket, artifact, release } = args;
  const directory = releaseDirectory(paths, artifact.digest);
  const archive = `${directory}.tar.gz`;
  return `install -d -m 0755 ${quote(paths.releases)} ${quote(paths.slots)}
if [ -d ${quote(directory)} ]; then found=there; else
found=brought
# What an earlier run, cut off by a reboot, may have left.
rm -rf ${quote(`${directory}.new`)} ${quote(archive)}
${spaceScript({ releases: paths.releases, release, bytes: artifact.bytes + artifact.unpackedBytes, reserveBytes })}${fetchScript({ region, bucket, object: artifactObject(artifact.digest), archive, digest: artifact.digest, release })}trap 'rm -rf "$fetching" "$archive" ${quote(`${directory}.new`)}' EXIT
mkdir ${quote(`${directory}.new`)}
tar -xzf "$archive" -C ${quote(`${directory}.new`)} --no-same-owner
sync -f ${quote(`${directory}.new`)}
mv -T ${quote(`${directory}.new`)} ${quote(directory)}
fi
${keepFilesScript(paths)}echo "$found"
`;
}

/** Where a slot's backend listens, and how one knows that it is up. */
export type SlotBackend = {
  port: number;
  healthPath: string;
  startTimeoutSeconds: number;
};

export type FillArgs = {
  application: string;
  paths: HostPaths;
  slot: Slot;
  digest: string;
  /** Directories of the release that lie on the data volume (`app.sharedDirectories`). */
  sharedDirectories?: readonly string[];
  /** The slot's environment file, its unit, and the record of what it holds. */
  environment: string;
  unit: string;
  record: { path: string; content: string };
};

/**
 * Stops a slot's backend and gives the slot another release with all that it runs with. The old record goes first and the new one
 * comes last: cut off anywhere between, the slot is known to hold nothing.
 */
export function fillScript(args: FillArgs): string {
  const { application, paths, slot, record } = args;
  const unit = backendUnit(application, slot);
  const file = unitFile(unit);
  const link = paths.slot(slot);
  const directory = releaseDirectory(paths, args.digest);
  return `if [ -e ${quote(file)} ]; then systemctl stop ${unit}; systemctl reset-failed ${unit} 2>/dev/null || true; fi
rm -f ${quote(record.path)}
${linkSharedScript({ application, paths, releaseDirectory: directory, directories: args.sharedDirectories ?? [] })}${writeFileScript(paths.slotEnvironment(slot), args.environment, "0600")}${writeFileScript(file, args.unit)}systemctl daemon-reload
ln -sfn ${quote(directory)} ${quote(`${link}.new`)}
mv -T ${quote(`${link}.new`)} ${quote(link)}
${writeFileScript(record.path, record.content)}`;
}

/** Stops a slot's backend, where it was ever given one. */
export function stopScript(application: string, slot: Slot): string {
  const unit = backendUnit(application, slot);
  return `if [ -e ${quote(unitFile(unit))} ]; then systemctl stop ${unit}; fi\n`;
}

/**
 * Makes sure that a slot is up: started if it is not, and waited for until its health answers 200. Prints how long that took, in
 * milliseconds. Ends with 4 when the backend died, with 5 when it lives and does not answer.
 */
export function startAndWait(args: { application: string; slot: Slot } & SlotBackend): string {
  const unit = backendUnit(args.application, args.slot);
  return `began=$(date +%s%3N)
systemctl start ${unit}
restarts=$(systemctl show -p NRestarts --value ${unit})
tries=0
while :; do
  code=$(curl -s -o /dev/null -m 2 -w '%{http_code}' ${quote(`http://127.0.0.1:${args.port}${args.healthPath}`)} || true)
  if [ "$code" = 200 ]; then break; fi
  tries=$((tries + 1))
  # Now and then: each look at systemd takes time from the backend that starts.
  if [ $((tries % 4)) != 0 ]; then sleep 0.05; continue; fi
  if ! systemctl is-active --quiet ${unit} && [ "$(systemctl show -p SubState --value ${unit})" != auto-restart ]; then
    echo "the backend in slot ${args.slot} ended by itself" >&2; exit 4
  fi
  if [ "$(systemctl show -p NRestarts --value ${unit})" -gt "$restarts" ]; then
    echo "the backend in slot ${args.slot} ended by itself and was started again by systemd" >&2; exit 4
  fi
  if [ $(($(date +%s%3N) - began)) -gt ${args.startTimeoutSeconds * 1000} ]; then
    echo "the backend in slot ${args.slot} runs, but health did not answer 200 within ${args.startTimeoutSeconds} s (last answer: $code)" >&2; exit 5
  fi
  sleep 0.05
done
echo $(($(date +%s%3N) - began))
`;
}

/** The last lines that a slot's backend wrote. */
export function journalScript(application: string, slot: Slot, lines: number): string {
  return `journalctl -u ${backendUnit(application, slot)} -n ${lines} -o cat --no-pager 2>/dev/null || true\n`;
}
