import { healthCheckUnit, hostPaths } from "./paths";

export type HealthCheckArgs = {
  application: string;
  publicName: string;
  healthPath: string;
  everyMinutes: number;
};

/**
 * Asks health as users reach it, by the public name and with the certificate verified, through the host's own nginx: an outage of the
 * network in between is for somebody outside to see. The unit fails while it is not answered 200, and its journal says by what.
 * Not asked before anything serves, nor while the service is closed on purpose.
 */
export function healthCheckService({ application, publicName, healthPath }: Omit<HealthCheckArgs, "everyMinutes">): string {
  const paths = hostPaths(application);
  // A restart of the backend takes seconds, which are nobody's outage.
  const patience = "--max-time 10 --retry 2 --retry-delay 5 --retry-all-errors";
  const url = escaped(`https://${publicName}${healthPath}`);
  return `[Unit]
Description=${application}: asks the public health
ConditionPathExists=${paths.current}/frontend
ConditionPathExists=!${paths.maintenance}

[Service]
Type=oneshot
User=www-data
ExecStart=/usr/bin/curl --silent --show-error --fail ${patience} --resolve ${publicName}:443:127.0.0.1 --cacert ${paths.tlsCertificate} --output /dev/null --write-out "health %%{http_code} in %%{time_total} s\\n" ${url}
TimeoutStartSec=60
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_INET AF_UNIX
RestrictNamespaces=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
IPAddressDeny=any
IPAddressAllow=localhost
UMask=0077
SyslogIdentifier=${healthCheckUnit(application)}
`;
}

/** By the calendar: what counts from the last run would stop for good at the first that a condition kept from running. */
export function healthCheckTimer({ application, everyMinutes }: Pick<HealthCheckArgs, "application" | "everyMinutes">): string {
  return `[Unit]
Description=${application}: asks the public health every ${everyMinutes} minutes

[Timer]
OnCalendar=*:0/${everyMinutes}
AccuracySec=5s

[Install]
WantedBy=timers.target
`;
}

/** Prints whether the timer is active and enabled, and how the last question ended: `active enabled success`. */
export function healthCheckState(application: string): string {
  const unit = healthCheckUnit(application);
  return `echo "$(systemctl is-active ${unit}.timer || true) $(systemctl is-enabled ${unit}.timer || true) $(systemctl show -p Result --value ${unit}.service)"\n`;
}

function escaped(text: string): string {
  return text.replaceAll("%", "%%");
}
