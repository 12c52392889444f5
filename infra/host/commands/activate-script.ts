import { holdFrom, turnTo } from "./haproxy";
import { backendUnit, type HostPaths, otherSlot, type Slot, turnBackUnit } from "./paths";
import { quote, writeFileScript } from "./shell";
import { type SlotBackend, startAndWait } from "./stage-script";

export type TurnArgs = {
  application: string;
  paths: HostPaths;
  to: Slot;
  from: Slot | null;
};

/** What is needed to start each slot's backend and to know that it answers: as it was staged, whatever config says meanwhile. */
export type StartableSlots = { backends: Record<Slot, SlotBackend> };

/** How long requests in flight may take to end while new ones are held. */
export const heldDrainSeconds = 3;

/**
 * Turns traffic to a slot that is up: HAProxy at run time, then the link that everything follows after a restart. A host that goes
 * down before the rename comes back with the old slot, after it with the new one: backend and frontend of one release either way.
 */
export function turnScript(args: TurnArgs): string {
  return `${runtimeCommands(args.paths, turnTo(args.to, args.from ?? otherSlot(args.to)))}${linkTo(args)}`;
}

/** For how long requests waited, and for what; milliseconds on the host's clock. */
export type Outage = { heldMs: number; drainMs: number; stopMs: number; startMs: number; askMs: number };

/**
 * Turns traffic to a slot where two copies must not run: new requests wait, those in flight end, the old copy is stopped, the new one
 * started and asked, then the waiting ones go there. Whatever goes wrong before that, the old one is started again and takes them.
 * What can be done before requests wait is done before: `ahead`, and reading the release from the disk.
 * Prints the outage as JSON; ends with 4 or 5 as the start script does.
 */
export function exchangeScript(args: TurnArgs & StartableSlots & { from: Slot; ahead: string; proof: string }): string {
  const { application, paths, to, from } = args;
  const unit = (slot: Slot) => backendUnit(application, slot);
  return `${args.ahead}find ${quote(`${paths.slot(to)}/`)} -type f -exec cat {} + > /dev/null
systemctl reset-failed ${unit(to)} 2>/dev/null || true
now() { date +%s%3N; }
held=$(now)
give_back() {
  status=$?
  trap - EXIT
  systemctl stop ${unit(to)}
  (${start(args, from)}) > /dev/null || echo "and the backend in slot ${from} did not come up again" >&2
  ${turnScript({ ...args, to: from, from: to })
    .trim()
    .replaceAll("\n", "\n  ")}
  exit "$status"
}
trap give_back EXIT
${runtimeCommands(paths, holdFrom(from))}${drainLoop(paths, from, heldDrainSeconds)}drained=$(now)
systemctl stop ${unit(from)}
stopped=$(now)
(${start(args, to)}) > /dev/null
started=$(now)
${args.proof}trap - EXIT
${runtimeCommands(paths, turnTo(to, from))}turned=$(now)
${linkTo(args)}printf '{"heldMs":%d,"drainMs":%d,"stopMs":%d,"startMs":%d,"askMs":%d}' $((turned - held)) $((drained - held)) $((stopped - drained)) $((started - stopped)) $((turned - started))
`;
}

/** Waits until a slot has no request left; after the deadline what is left, websockets above all, is cut. Prints how many. */
export function drainScript(paths: HostPaths, slot: Slot, seconds: number): string {
  return `${drainLoop(paths, slot, seconds)}echo "$sessions"\n`;
}

/** Before any user is sent there: the page is one. Files need no backend, so this is asked before requests wait. Ends with 7 otherwise. */
export function pageScript(previewPort: number): string {
  return `curl -s -m 5 ${quote(`http://127.0.0.1:${previewPort}/`)} | grep -qi '<html' || { echo "/ is not a page" >&2; exit 7; }\n`;
}

/** The one question while requests wait: health reports the expected release. Ends with 7 otherwise. */
export function proofScript(args: {
  previewPort: number;
  healthPath: string;
  releaseField: string;
  release: string;
}): string {
  if (args.releaseField === "") return "";
  const field = JSON.stringify(args.releaseField.split("."));
  return `told=$(curl -s -m 5 ${quote(`http://127.0.0.1:${args.previewPort}${args.healthPath}`)} | jq -r ${quote(`getpath(${field}) // empty`)} || true)
if [ "$told" != ${quote(args.release)} ]; then
  printf 'the health endpoint reports %s; expected %s\\n' "\${told:-no release}" ${quote(args.release)} >&2; exit 7
fi
`;
}

/**
 * Writes down what is about to happen and sets the clock: an activation that nobody confirms within that time, because the program
 * was killed or lost its way to the host, is switched back by the host itself.
 */
export function armScript(args: TurnArgs & { from: Slot; turnBack: string; afterSeconds: number }): string {
  const { application, paths } = args;
  const unit = turnBackUnit(application);
  return `systemctl stop ${unit}.timer 2>/dev/null || true
systemctl reset-failed ${unit}.service 2>/dev/null || true
${writeFileScript(paths.turnBack, `set -euo pipefail\n${args.turnBack}`)}${writeFileScript(paths.activation, JSON.stringify({ to: args.to, from: args.from }))}systemd-run --quiet --collect --unit=${unit} --on-active=${args.afterSeconds} --timer-property=AccuracySec=1s /bin/bash ${quote(paths.turnBack)}
`;
}

/** Turns back: the old slot up first, then the traffic, then the new one down. Forgets the activation. */
export function turnBackScript(args: TurnArgs & StartableSlots & { from: Slot; overlap: boolean }): string {
  const { application, paths, to, from } = args;
  const back = { ...args, to: from, from: to };
  const turned = args.overlap
    ? `(${start(args, from)}) > /dev/null\n${turnScript(back)}`
    : exchangeScript({ ...back, ahead: "", proof: "" });
  return `${turned}${drainLoop(paths, to, heldDrainSeconds)}systemctl stop ${backendUnit(application, to)}
${forget(paths)}`;
}

/** Confirms an activation: the clock is stopped. Ends with 6 where the host has switched back already. */
export function confirmScript(args: TurnArgs): string {
  const unit = turnBackUnit(args.application);
  return `systemctl stop ${unit}.timer 2>/dev/null || true
while systemctl is-active --quiet ${unit}.service; do sleep 0.1; done
if [ "$(readlink ${quote(args.paths.current)})" != ${quote(`serving/${args.to}`)} ]; then
  echo "nobody confirmed the activation in time, and the host has turned back by itself" >&2; exit 6
fi
${forget(args.paths)}`;
}

/** Stops the clock of an activation that somebody takes over, and waits for a turn that is under way. */
export function disarmScript(application: string): string {
  const unit = turnBackUnit(application);
  return `systemctl stop ${unit}.timer 2>/dev/null || true
while systemctl is-active --quiet ${unit}.service; do sleep 0.1; done
`;
}

function start(args: TurnArgs & StartableSlots, slot: Slot): string {
  return startAndWait({ application: args.application, slot, ...args.backends[slot] });
}

/** HAProxy answers a command that it took with an empty line. */
function runtimeCommands(paths: HostPaths, commands: readonly string[]): string {
  return `echo ${quote(commands.join("; "))} | socat -t 5 - ${paths.haproxySocket} | (! grep .) >&2\n`;
}

function linkTo({ paths, to }: TurnArgs): string {
  return `ln -sfn ${quote(`serving/${to}`)} ${quote(`${paths.current}.new`)}
mv -T ${quote(`${paths.current}.new`)} ${quote(paths.current)}
sync -f ${quote(paths.root)}
`;
}

function drainLoop(paths: HostPaths, slot: Slot, seconds: number): string {
  return `for _ in $(seq ${seconds * 20}); do
  sessions=$(echo 'show stat' | socat -t 5 - ${paths.haproxySocket} | awk -F, '$1 == "slots" && $2 == "${slot}" { print $5 }')
  if [ "$sessions" = 0 ]; then break; fi
  sleep 0.05
done
if [ "$sessions" != 0 ]; then echo 'shutdown sessions server slots/${slot}' | socat -t 5 - ${paths.haproxySocket} >&2; fi
`;
}

function forget(paths: HostPaths): string {
  return `rm -f ${quote(paths.activation)} ${quote(paths.turnBack)}\n`;
}
