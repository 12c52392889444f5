import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { cacheDirectory } from "../cache";
import { hashOf, type Log } from "../toolchain/build-once";
import { withLock } from "../toolchain/lock";
import { gatewayAddress } from "./names";

/**
 * What the image brings: what Amazon's Debian 12 image has, then what user data asks for, so that installing it takes no time; all but
 * one package, which a host gets from the archive, and lacks where it has no network.
 */
export const imagePackages = [
  ...["systemd", "systemd-sysv", "dbus", "locales", "cloud-init", "openssh-server", "sudo", "ca-certificates", "curl"],
  ...["iproute2", "netbase", "procps", "python3", "less", "util-linux", "e2fsprogs", "xfsprogs", "openssl", "cron"],
  ...["haproxy", "jq", "nftables", "nginx", "pgbouncer", "postgresql-client-15", "redis-server", "rsync", "zstd"],
  ...["apt-listchanges", "debsums", "libpam-tmpdir", "needrestart", "unattended-upgrades", "redis-tools", "git", "acl"],
];

/** Where it is served, on the address that is the internet of hosts. */
export const archivePort = 8081;

/** Where the image keeps what the archive serves. */
export const archivePath = "var/lib/local-cloud-archive";
const archivePackage = "socat";

const recipeVersion = 4;

/** The archive is the local cloud's; keys and ids are each host's own. */
const cleanUp = `
set -e
mkdir -p "$1"/${archivePath}
cd "$1"/${archivePath}
APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get -q download ${archivePackage}
rm -rf "$1"/etc/apt/sources.list.d/* "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/archives/*.deb
echo "deb [trusted=yes] http://${gatewayAddress}:${archivePort}/ ./" > "$1"/etc/apt/sources.list
rm -f "$1"/etc/ssh/ssh_host_*
: > "$1"/etc/machine-id
: > "$1"/etc/resolv.conf
rm -f "$1"/var/lib/dbus/machine-id
`;

/** The directory of a Debian 12 with these packages, built where the cache has none: a minute. */
export async function hostImage(log: Log): Promise<string> {
  const image = cacheDirectory("host-image", hashOf([recipeVersion, imagePackages, cleanUp]));
  const isBuilt = () =>
    readdir(image).then(
      (entries) => entries.includes("etc"),
      () => false,
    );
  if (await isBuilt()) return image;
  await withLock(`${image}.lock`, log, async () => {
    if (await isBuilt()) return;
    const began = Date.now();
    log("building the host's image: Debian 12 with systemd, cloud-init and what user data asks for (a minute or two)");
    const building = `${image}.building`;
    await rm(building, { recursive: true, force: true });
    await rm(`${building}.sources`, { force: true });
    await mkdir(dirname(image), { recursive: true });
    await writeFile(`${building}.sources`, await debianSources());
    const { failed, all } = await execa(
      "mmdebstrap",
      [
        "--mode=root",
        "--variant=minbase",
        `--include=${[...new Set(imagePackages)].join(",")}`,
        `--customize-hook=${cleanUp.trim().replaceAll("\n", "; ")}`,
        "bookworm",
        building,
        `${building}.sources`,
      ],
      { reject: false, all: true },
    );
    await rm(`${building}.sources`, { force: true });
    if (failed)
      throw new Error(
        `mmdebstrap could not build the host's image; is Debian's mirror reachable?\n${lastLines(all, 15)}`,
      );
    await rename(building, image);
    log(`built the host's image in ${Math.round((Date.now() - began) / 1000)} s`);
  });
  return image;
}

/** The mirrors that apt uses on this machine, as far as they carry bookworm. @throws Error where apt knows none */
async function debianSources(): Promise<string> {
  const directory = "/etc/apt/sources.list.d";
  const files = (await readdir(directory).catch(() => [])).filter((name) => name.endsWith(".sources"));
  const paragraphs = (await Promise.all(files.map((name) => readFile(join(directory, name), "utf8")))).flatMap((text) =>
    text.split(/\n\s*\n/),
  );
  const own = paragraphs.filter((paragraph) => /^Suites:.*\bbookworm\b/m.test(paragraph) && /debian/.test(paragraph));
  if (own.length > 0) return own.map((paragraph) => paragraph.trim()).join("\n\n") + "\n";
  const lines = (await readFile("/etc/apt/sources.list", "utf8").catch(() => ""))
    .split("\n")
    .filter((line) => /^deb .*bookworm/.test(line));
  if (lines.length > 0) return lines.join("\n") + "\n";
  throw new Error(
    `no archive of Debian 12 (bookworm) is named in ${directory} or /etc/apt/sources.list: the host's image is made from it. Remedy: a Debian 12 machine, or a file there that names one`,
  );
}

const lastLines = (text: string | undefined, count: number) => (text ?? "").split("\n").slice(-count).join("\n");
