import { gatewayAddress, metadataAddress, providersName } from "./names";

export interface DatabaseName {
  name: string;
  address: string;
}

/** As Amazon names a host by default: `ip-10-20-0-4`. */
export function hostNameOf(privateAddress: string): string {
  return `ip-${privateAddress.replaceAll(".", "-")}`;
}

/** The host's own name (sudo waits for it), the databases' names and the providers', which a VPC's resolver would know. */
export function hostsFile(privateAddress: string, databases: readonly DatabaseName[]): string {
  return [
    "127.0.0.1 localhost",
    `${privateAddress} ${hostNameOf(privateAddress)}`,
    `${gatewayAddress} ${providersName}`,
    ...databases.map(({ name, address }) => `${address} ${name}`),
    "",
  ].join("\n");
}

/** What Debian's image for Amazon configures (its user is `admin`), and that user data lies on the disk. */
export const cloudConfig = `datasource_list: [NoCloud]
network: {config: disabled}
locale: C.UTF-8
apt: {preserve_sources_list: true}
system_info:
  default_user:
    name: admin
    gecos: Debian
    groups: [adm, audio, cdrom, dialout, dip, floppy, plugdev, sudo, video]
    sudo: ["ALL=(ALL) NOPASSWD:ALL"]
    shell: /bin/bash
    lock_passwd: true
`;

/** A host's own network has kernel settings of its own, which nspawn shows to be read; all others are this machine's. */
export const kernelSettingsUnits: Readonly<Record<string, string>> = {
  "local-cloud-sysctl.service": `[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/mount --bind /proc/sys/net /proc/sys/net
ExecStart=/bin/mount -o remount,bind,rw /proc/sys/net
`,
  "systemd-sysctl.service.d/local-cloud.conf": `[Unit]
Wants=local-cloud-sysctl.service
After=local-cloud-sysctl.service
`,
};

/** cloud-init runs user data once for each instance id. JSON is YAML. */
export function metaData(instanceId: string, privateAddress: string, publicKey: string | null): string {
  return JSON.stringify({
    "instance-id": instanceId,
    "local-hostname": hostNameOf(privateAddress),
    "public-keys": publicKey ? [publicKey.trim()] : [],
  });
}

export interface BootArgs {
  /** Network namespace, machine and control group. */
  namespace: string;
  privateAddress: string;
  image: string;
  /** Directory with `upper`, `work` and `root`. */
  disk: string;
  cgroups: readonly string[];
}

/**
 * Boots the host. The overlay is mounted in a mount namespace that ends with the host, so it can't be left behind; a control
 * group of its own keeps two hosts' systemds apart, which would else both use `/payload`.
 */
export function bootScript({ namespace, privateAddress, image, disk, cgroups }: BootArgs): string {
  return [
    "set -e",
    ...cgroups.flatMap((group) => [`mkdir -p ${group}`, `echo $$ > ${group}/cgroup.procs`]),
    `mount -t overlay overlay -o lowerdir=${image},upperdir=${disk}/upper,workdir=${disk}/work ${disk}/root`,
    [
      "exec systemd-nspawn --quiet --register=no --keep-unit --boot",
      `--directory=${disk}/root`,
      `--machine=${namespace}`,
      `--hostname=${hostNameOf(privateAddress)}`,
      `--network-namespace-path=/run/netns/${namespace}`,
      // Its namespace is its own, and so are its nftables and its network's kernel settings.
      "--capability=CAP_NET_ADMIN",
      "--resolv-conf=off --timezone=off --link-journal=no --console=read-only --kill-signal=SIGRTMIN+3",
    ].join(" "),
  ].join("\n");
}

/** A veth pair with static addresses, in place before the host boots; its private address is routed as a /32. */
export function networkCommands(router: string, namespace: string, link: string, privateAddress: string): string[][] {
  return [
    ["netns", "add", namespace],
    ["-n", router, "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", namespace],
    ["-n", router, "link", "set", link, "up"],
    ["-n", router, "route", "add", `${privateAddress}/32`, "dev", link],
    ["-n", namespace, "link", "set", "lo", "up"],
    ["-n", namespace, "address", "add", `${privateAddress}/32`, "dev", "eth0"],
    ["-n", namespace, "link", "set", "eth0", "up"],
    ["-n", namespace, "route", "add", `${metadataAddress}/32`, "dev", "eth0"],
    ["-n", namespace, "route", "add", "default", "via", metadataAddress],
  ];
}

/** Databases and metadata are reached within the VPC; all else answers at one address, which is the internet here. */
export function internetCommand(namespace: string, isOnline: boolean): string[] {
  const route = isOnline ? [`${gatewayAddress}/32`, "dev", "eth0"] : ["unreachable", `${gatewayAddress}/32`];
  return ["-n", namespace, "route", "replace", ...route];
}
