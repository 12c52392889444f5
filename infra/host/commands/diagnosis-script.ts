import { backendUnit, type HostPaths, type Slot, slots } from "./paths";
import { line, quote } from "./shell";
import { hostServices } from "./system-files";
import { stepUnit } from "./transient-unit";

/** Prints what a host holds, one fact a line: `KIND NAME VALUE`. Changes nothing. */
export function hostTracesScript(application: string, paths: HostPaths): string {
  const unit = (name: string, kind: string, label: string) =>
    `echo "${kind} ${label} $(systemctl is-active ${name} || true)"\n`;
  return `${slots.map((slot) => unit(backendUnit(application, slot), "slot", slot)).join("")}${hostServices.map((name) => unit(name, "service", name)).join("")}
echo 'show stat' | socat -t 5 - ${paths.haproxySocket} 2>/dev/null | awk -F, '$1 == "slots" && ($2 == "blue" || $2 == "green") { print "proxy", $2, $18 }' || true
{ grep '"event":"served"' ${quote(paths.ledger)} 2>/dev/null || true; } | tail -n 1 | sed -n 's/.*"digest":"\\([0-9a-f]*\\)".*/served ledger \\1/p'
echo "link current $(readlink ${quote(paths.current)} || echo none-at-all)"
${slots.map((slot) => `if [ -L ${quote(paths.slot(slot))} ]; then echo "release ${slot} $(if [ -d ${quote(paths.slot(slot))} ]; then echo there; else echo gone; fi)"; fi\n`).join("")}find ${quote(paths.releases)} -mindepth 1 -maxdepth 1 \\( -name '*.new' -o -name '*.tar.gz' -o -name '*.part' \\) -printf 'half %f %k\\n'
echo "step $(systemctl is-active ${stepUnit} || true) $(systemctl show -p Description --value ${stepUnit})"
systemctl --failed --plain --no-legend | awk '$1 != "${stepUnit}.service" { print "failed", $1, "-" }'
df --output=pcent,target / ${[paths.state, paths.root, paths.shared, "/tmp", "/var/log", `/var/log/${application}`].map(quote).join(" ")} 2>/dev/null | awk 'NR > 1 { sub("%", "", $1); print "disk", $2, $1 }' | sort -u
find /tmp /var/tmp /var/log ${quote(`/var/log/${application}`)} -xdev -type f -size +32M ! -path '/var/log/journal/*' ! -name '* *' -printf 'large %p %s\\n' 2>/dev/null | sort -k3,3nr | uniq | head -n 5 || true
`;
}

/** Prints the names of a slot's variables, without their values. */
export function variableNamesScript(paths: HostPaths, slot: Slot): string {
  return `sed -n 's/=.*//p' ${line(paths.slotEnvironment(slot))}\n`;
}
