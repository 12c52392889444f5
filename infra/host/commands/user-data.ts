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
package_update: true
packages:
${hostPackages.map((name) => `  - ${name}`).join("\n")}
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
`;
}
