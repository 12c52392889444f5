import type { Settings } from "../../settings/settings";
import type { ManagedFile } from "./configure-script";
import { hostPaths } from "./paths";
import { stepUnit } from "./transient-unit";

/** For a host with one interface, that forwards nothing and that nobody debugs the kernel of. Debian's defaults hold for the rest. */
const kernelSettings = `net.ipv4.conf.all.accept_redirects = 0
net.ipv4.conf.default.accept_redirects = 0
net.ipv6.conf.all.accept_redirects = 0
net.ipv6.conf.default.accept_redirects = 0
net.ipv4.conf.default.accept_source_route = 0
net.ipv4.conf.all.send_redirects = 0
net.ipv4.conf.default.send_redirects = 0
net.ipv4.conf.all.rp_filter = 1
net.ipv4.conf.default.rp_filter = 1
net.ipv4.conf.all.log_martians = 1
net.ipv4.conf.default.log_martians = 1
net.core.bpf_jit_harden = 2
dev.tty.ldisc_autoload = 0
fs.protected_fifos = 2
fs.protected_regular = 2
fs.suid_dumpable = 0
kernel.core_uses_pid = 1
kernel.kptr_restrict = 2
kernel.perf_event_paranoid = 3
kernel.sysrq = 0
`;

/** Protocols and devices that no server of Amazon's has, and through which local users have become root before. */
const unusedModules = ["dccp", "sctp", "rds", "tipc", "usb-storage", "firewire-core", "firewire-ohci"];

/** A shell that somebody forgot ends after a quarter of an hour. */
const shellProfile = `ulimit -c 0
readonly TMOUT=900
`;

/** What the host runs for the application, as Debian calls it. */
export const hostServices = ["nginx", "haproxy", "pgbouncer", "redis-server"] as const;

/** Debian starts nginx and PgBouncer not at all again, and gives the others up after five times in ten seconds. */
const startedAgain = `[Unit]
StartLimitIntervalSec=0

[Service]
Restart=always
RestartSec=1
`;

/** In place of Debian's version. */
const banner =
  "This system is private: access is for authorized users only, is logged and monitored, and is subject to its owner's policy and the law.\n";

/** When systemd's calendar says that the maintenance window begins. */
export function windowBegins(window: Settings["maintenanceWindow"]): string {
  return window === "any" ? "*-*-* 06:00 UTC" : `${window.days.join(",")} *-*-* ${window.fromUtc} UTC`;
}

/**
 * What a deployment asks of Debian itself. A core dump would hold secrets. Security updates are installed, and what uses them is
 * restarted, when the maintenance window begins and nothing is being deployed: Debian's images for Amazon do so each morning.
 */
export function systemFiles(application: string, window: Settings["maintenanceWindow"]): ManagedFile[] {
  const file = (path: string, content: string, services: string[] = []): ManagedFile => ({
    ...{ path, content, services },
    mode: "0644",
    owner: "root:root",
  });
  return [
    file("/etc/sysctl.d/60-deployment.conf", kernelSettings, ["sysctl"]),
    file("/etc/modprobe.d/deployment.conf", unusedModules.map((name) => `install ${name} /bin/false\n`).join("")),
    file("/etc/security/limits.d/deployment.conf", "* hard core 0\n"),
    file("/etc/systemd/coredump.conf.d/deployment.conf", "[Coredump]\nStorage=none\nProcessSizeMax=0\n"),
    file("/etc/profile.d/deployment.sh", shellProfile),
    ...hostServices.map((name) => file(`/etc/systemd/system/${name}.service.d/deployment.conf`, startedAgain)),
    file("/etc/issue", banner),
    file("/etc/issue.net", banner),
    file(
      "/etc/apt/apt.conf.d/52deployment",
      `APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
Unattended-Upgrade::Automatic-Reboot "false";
`,
    ),
    file("/etc/needrestart/conf.d/deployment.conf", "$nrconf{restart} = 'a';\n"),
    file(
      "/etc/systemd/system/apt-daily-upgrade.timer.d/deployment.conf",
      `[Timer]
OnCalendar=
OnCalendar=${windowBegins(window)}
RandomizedDelaySec=0
Persistent=false
`,
      ["upgrades"],
    ),
    file(
      "/etc/systemd/system/apt-daily-upgrade.service.d/deployment.conf",
      `[Service]
ExecCondition=/bin/sh -c '! systemctl is-active --quiet ${stepUnit} && ! test -e ${hostPaths(application).activation}'
`,
    ),
  ];
}

/** How they are loaded, by service. */
export const systemLoads = {
  sysctl: "systemctl restart systemd-sysctl",
  upgrades: "systemctl restart apt-daily-upgrade.timer",
};
