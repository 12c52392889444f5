/** A host and how to be sure that it is that one. */
export type HostAddress = {
  address: string;
  user: string;
  /** The host's public key, `ssh-ed25519 AAAA…`, pinned: no other key is accepted. */
  publicKey: string;
};

/** Files that the connection needs; the caller makes them, readable by nobody else. */
export type SshFiles = { privateKey: string; knownHosts: string; controlPath?: string };

const alias = "deployment-host";

export function knownHostsLine(host: HostAddress): string {
  return `${alias} ${host.publicKey.split(" ").slice(0, 2).join(" ")}\n`;
}

/** The options of every ssh call: one key, one known host, no prompt, no user config. */
export function sshArguments(host: HostAddress, files: SshFiles): string[] {
  const options = {
    IdentityFile: files.privateKey,
    IdentitiesOnly: "yes",
    UserKnownHostsFile: files.knownHosts,
    GlobalKnownHostsFile: "/dev/null",
    HostKeyAlias: alias,
    HostKeyAlgorithms: "ssh-ed25519",
    StrictHostKeyChecking: "yes",
    BatchMode: "yes",
    ConnectTimeout: "5",
    ServerAliveInterval: "10",
    ServerAliveCountMax: "3",
    LogLevel: "ERROR",
    ...(files.controlPath === undefined
      ? { ControlPath: "none" }
      : { ControlMaster: "auto", ControlPath: files.controlPath, ControlPersist: "30" }),
  };
  return [
    "-F",
    "/dev/null",
    ...Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]),
    "--",
    `${host.user}@${host.address}`,
  ];
}
