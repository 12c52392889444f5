import { hostPaths } from "./paths";

/** What the host needs from Debian 12's archive. */
export const hostPackages = [
  "apt-listchanges",
  "ca-certificates",
  "curl",
  "debsums",
  "haproxy",
  "jq",
  "libpam-tmpdir",
  "needrestart",
  "nftables",
  "nginx",
  "pgbouncer",
  "postgresql-client-15",
  "redis-server",
  "rsync",
  "socat",
  "unattended-upgrades",
  "zstd",
] as const;

/** Shorter than what waits for the host's first boot. */
const archiveDeadlineSeconds = 480;

/**
 * Only bootstraps: packages, user, directories, and an SSH key that the host makes for itself and prints on its console. What changes
 * later is the rollout's, since user data runs once. Amazon takes 16 KiB at most, and shows it to whoever may describe the instance.
 */
export function userData(application: string): string {
  const paths = hostPaths(application);
  return `#cloud-config
ssh_deletekeys: true
ssh_genkeytypes: [ed25519]
ssh:
  emit_keys_to_console: true
ssh_pwauth: false
disable_root: true
users:
  - default
  - name: ${application}
    system: true
    shell: /usr/sbin/nologin
    homedir: ${paths.state}/home
runcmd:
  - install -d -m 0755 ${paths.root} ${paths.releases} ${paths.slots}
  - install -d -m 0750 -g ${application} ${paths.settings}
  - install -d -m 0700 ${paths.settings}/slots
  - install -d -m 0755 ${paths.state} ${paths.evidence}
  - - sh
    - -c
    - |
${indent(installScript(), 6)}
`;
}

/**
 * Installs the packages once Debian's archive can be reached. A host may boot before its address stands, and cloud-init, which runs
 * once, does not try again. Last of all, since its exit status is that of the host's first boot.
 */
export function installScript(): string {
  return `deadline=$(($(date +%s) + ${archiveDeadlineSeconds}))
until apt-get --quiet --option=APT::Update::Error-Mode=any update &&
  DEBIAN_FRONTEND=noninteractive apt-get --quiet --assume-yes --option=DPkg::Lock::Timeout=60 install ${hostPackages.join(" ")}; do
  if [ "$(date +%s)" -ge "$deadline" ]; then
    echo "Debian's archive could not be used for ${archiveDeadlineSeconds / 60} min" >&2
    exit 1
  fi
  sleep 2
done`;
}

function indent(text: string, spaces: number): string {
  return text
    .split("\n")
    .map((row) => " ".repeat(spaces) + row)
    .join("\n");
}
