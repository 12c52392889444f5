import { healthCheckUnit, hostPaths } from "./paths";
import { sandbox } from "./sandbox";

export type HealthCheckArgs = {
  application: string;
  publicName: string;
  everyMinutes: number;
};

/**
 * Asks health, at the path of the release that serves, as users reach it, by the public name and with the certificate verified, through the host's own nginx: an outage of the
 * network in between is for somebody outside to see. The unit fails while it is not answered 200, and its journal says by what.
 * Not asked before anything serves, nor while the service is closed on purpose.
 */
export function healthCheckService({ application, publicName }: Omit<HealthCheckArgs, "everyMinutes">): string {
  const paths = hostPaths(application);
  // A restart of the backend takes seconds, which are nobody's outage.
  // An answer of 429 asks for more patience than that (Retry-After): it is not waited for.
  const patience = "--max-time 10 --retry 2 --retry-delay 5 --retry-max-time 40 --retry-all-errors";
  const record = `${paths.state}/$$(basename "$$(readlink ${paths.current})").json`;
  return `[Unit]
Description=${application}: asks the public health
ConditionPathExists=${paths.current}/frontend
ConditionPathExists=!${paths.maintenance}

[Service]
Type=oneshot
User=${application}
Group=${application}
ExecStart=/bin/sh -c 'exec curl --silent --show-error --fail ${patience} --resolve ${publicName}:443:127.0.0.1 --cacert ${paths.tlsCertificate} --output /dev/null --write-out "health %%{http_code} in %%{time_total} s\\n" "https://${publicName}$$(jq -r .healthPath "${record}")"'
TimeoutStartSec=60
${sandbox}
ProcSubset=pid
RestrictAddressFamilies=AF_INET AF_UNIX
MemoryDenyWriteExecute=yes
IPAddressDeny=any
IPAddressAllow=localhost
UMask=0077
SyslogIdentifier=${healthCheckUnit(application)}
`;
}

/** By the calendar: what counts from the last run would stop for good at the first that a condition kept from running. */
export function healthCheckTimer({
  application,
  everyMinutes,
}: Pick<HealthCheckArgs, "application" | "everyMinutes">): string {
  return `[Unit]
Description=${application}: asks the public health every ${everyMinutes} minutes

[Timer]
OnCalendar=*:0/${everyMinutes}
AccuracySec=5s

[Install]
WantedBy=timers.target
`;
}

/** Asks once now, and prints: the timer's state, whether it is enabled, whether there was anything to ask, how curl ended, the last HTTP status. */
export function askHealthNow(application: string): string {
  const unit = healthCheckUnit(application);
  return `systemctl start ${unit}.service || true
journalctl --sync
echo "$(systemctl is-active ${unit}.timer || true) $(systemctl is-enabled ${unit}.timer || true) $(systemctl show -p ConditionResult --value ${unit}.service) $(systemctl show -p ExecMainStatus --value ${unit}.service) $(journalctl -u ${unit}.service -n 20 -o cat --no-pager | sed -n 's/^health \\([0-9]*\\) in .*/\\1/p' | tail -1)"
`;
}

/** What curl says of the service, and not of itself: no connection, an HTTP status, no answer in time, an answer cut short. */
const saysUnhealthy = [7, 22, 28, 52, 56];

/**
 * What came of it. A service that is not healthy is no fault of the check: this very deployment may fix it.
 * @returns what is wrong with the check itself, or how it found the service
 */
export function readHealthCheck(printed: string): { problem: string } | { found: string } {
  const [active = "", enabled = "", hasAsked = "", status = "", http = ""] = printed.split(" ");
  if (active !== "active" || enabled !== "enabled")
    return { problem: `the timer is ${active || "unknown"} and ${enabled || "unknown"}` };
  if (hasAsked !== "yes") return { found: "nothing to ask yet" };
  if (status === "0") return { found: "healthy just now" };
  if (status === "22" && http === "429")
    return { found: "answered 429 just now: the application's rate limit is used up" };
  return saysUnhealthy.includes(Number(status))
    ? { found: `not healthy just now (curl ended with ${status})` }
    : { problem: `it can't ask: curl ended with ${status || "nothing"}` };
}
