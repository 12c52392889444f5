import { turnTo } from "./haproxy";
import { backendUnit, type HostPaths, type Slot, slots } from "./paths";
import { quote } from "./shell";

export type TurnArgs = {
  application: string;
  paths: HostPaths;
  to: Slot;
  from: Slot | null;
  /** HAProxy's configuration with the new slot serving, for its next start. */
  haproxyConfig: string;
};

/**
 * Turns traffic to a slot: HAProxy at run time, then everything that has to say the same after a reboot. A host that goes down
 * in between comes back with the slot that its files name: one whole release either way.
 */
export function turnScript(args: TurnArgs): string {
  const { paths, to } = args;
  const others = slots.filter((slot) => slot !== to);
  const commands = turnTo(to, args.from ?? (to === "blue" ? "green" : "blue")).join("; ");
  return `systemctl enable --quiet ${backendUnit(args.application, to)}
echo ${quote(commands)} | socat -t 5 - ${paths.haproxySocket} | (! grep .) >&2
base64 -d > /etc/haproxy/haproxy.cfg.new <<'CONTENT'
${Buffer.from(args.haproxyConfig).toString("base64")}
CONTENT
chmod 0644 /etc/haproxy/haproxy.cfg.new
mv /etc/haproxy/haproxy.cfg.new /etc/haproxy/haproxy.cfg
ln -sfn ${quote(`slots/${to}`)} ${quote(`${paths.current}.new`)}
mv -T ${quote(`${paths.current}.new`)} ${quote(paths.current)}
${others.map((slot) => `systemctl disable --quiet ${backendUnit(args.application, slot)}\n`).join("")}`;
}

/** Prints HAProxy's statistics, CSV. */
export function statisticsScript(paths: HostPaths): string {
  return `echo 'show stat' | socat -t 5 - ${paths.haproxySocket}`;
}
