import { backendTarget, backendUnit, type HostPaths, hostPaths, slots } from "./paths";
import { sandbox } from "./sandbox";
import { quote } from "./shell";

/**
 * One directory for each slot, and `none`: what the link `current` may name. Each holds the slot's files for nginx and HAProxy's
 * `haproxy.cfg`, so that both follow one link. Makes what is missing and turns nothing: a link that is gone names again the slot that
 * HAProxy sends requests to.
 */
export function servingScript(paths: HostPaths): string {
  return `mkdir -p ${quote(`${paths.serving}/none`)}
${slots
  .map(
    (slot) => `mkdir -p ${quote(`${paths.serving}/${slot}`)}
ln -sfn ${quote(`../../slots/${slot}/frontend`)} ${quote(`${paths.serving}/${slot}/frontend`)}
`,
  )
  .join("")}slot=$(basename "$(readlink ${quote(paths.current)} || true)")
if [ -z "$slot" ]; then
  slot=$(echo 'show stat' | socat -t 5 - ${paths.haproxySocket} 2>/dev/null | awk -F, '$1 == "slots" && ($2 == "blue" || $2 == "green") && $18 == "no check" { print $2; exit }' || true)
  slot=\${slot:-none}
fi
if [ "$(readlink ${quote(paths.current)} || true)" != "serving/$slot" ]; then
  ln -sfn "serving/$slot" ${quote(`${paths.current}.new`)}
  mv -T ${quote(`${paths.current}.new`)} ${quote(paths.current)}
fi
`;
}

/**
 * Starts, at boot and with the target, the slot that `current` names and no other: slots are not enabled themselves, so that no
 * moment of a deployment can leave two of them, or none, to start after a reboot.
 */
export function servingUnitText(application: string): string {
  const { current } = hostPaths(application);
  return `[Unit]
Description=${application} backend: starts the slot that ${current} names
PartOf=${backendTarget(application)}

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'case "$$(readlink ${current})" in serving/blue) exec systemctl start --no-block ${backendUnit(application, "blue")};; serving/green) exec systemctl start --no-block ${backendUnit(application, "green")};; esac'
${sandbox}
ProcSubset=pid
PrivateNetwork=yes
RestrictAddressFamilies=AF_UNIX
MemoryDenyWriteExecute=yes
IPAddressDeny=any
UMask=0077

[Install]
WantedBy=${backendTarget(application)}
`;
}
