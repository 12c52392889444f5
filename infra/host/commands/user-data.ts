import { hostPaths } from "./paths";

/** What the host needs from Debian 12's archive. */
export const hostPackages = [
  "ca-certificates",
  "curl",
  "haproxy",
  "jq",
  "nftables",
  "nginx",
  "pgbouncer",
  "postgresql-client-15",
  "redis-server",
  "rsync",
  "socat",
  "zstd",
] as const;

export type UserDataArgs = {
  application: string;
  hostPrivateKey: string;
  hostPublicKey: string;
};

/**
 * Only bootstraps: host key, packages, user, directories. What changes later is the rollout's, since user data runs once.
 * Amazon takes 16 KiB at most.
 */
export function userData(args: UserDataArgs): string {
  const paths = hostPaths(args.application);
  return `#cloud-config
ssh_deletekeys: true
ssh_genkeytypes: []
ssh_keys:
  ed25519_private: |
${indent(args.hostPrivateKey.trim(), 4)}
  ed25519_public: ${args.hostPublicKey.trim()}
ssh_pwauth: false
disable_root: true
package_update: true
packages:
${hostPackages.map((name) => `  - ${name}`).join("\n")}
users:
  - default
  - name: ${args.application}
    system: true
    shell: /usr/sbin/nologin
    homedir: ${paths.state}/home
runcmd:
  - install -d -m 0755 ${paths.root} ${paths.releases} ${paths.slots}
  - install -d -m 0750 -g ${args.application} ${paths.settings}
  - install -d -m 0700 ${paths.settings}/slots
  - install -d -m 0755 ${paths.state} ${paths.evidence}
`;
}

function indent(text: string, spaces: number): string {
  return text
    .split("\n")
    .map((row) => " ".repeat(spaces) + row)
    .join("\n");
}
