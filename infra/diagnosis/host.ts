import { backendUnit, type HostPaths, type Slot, slots } from "../host/commands/paths";
import { quote } from "../host/commands/shell";
import { stepUnit } from "../host/commands/transient-unit";
import type { Finding, Section } from "./finding";

/** Facts that the host printed: `KIND NAME VALUE` a line. */
export type HostTraces = {
  slots: Record<Slot, string>;
  services: Record<string, string>;
  /** As HAProxy says: UP or no (check), DRAIN, MAINT, DOWN. */
  proxy: Partial<Record<Slot, string>>;
  /** Releases of which only a part arrived. */
  half: string[];
  /** The transient unit that changes the host for a deployment, and what it does. */
  step: { state: string; does: string };
  failed: string[];
  diskPercent: Record<string, number>;
  /** What may be emptied, by its path, in bytes: logs and temporary files. */
  large: Record<string, number>;
  /** Whether the link that names the serving slot exists; undefined where the host was not asked. */
  isLinked: boolean | undefined;
  /** Digest of the artifact that served last, as the ledger has it. */
  servedLast: string | undefined;
  /** Slots whose link leads to a release that is no longer there. */
  gone: Slot[];
};

const mebibytes = (bytes: number) => Math.round(bytes / 1_048_576);

/** Full enough that the next release does not fit. */
const fullDiskPercent = 90;

export function readHostTraces(printed: string): HostTraces {
  const rows = printed.split("\n").map((row) => row.split(" "));
  const of = (kind: string) =>
    rows.filter(([first]) => first === kind).map(([, name = "", value = ""]) => [name, value] as const);
  const names = (kind: string) => of(kind).map(([name]) => name);
  const units = Object.fromEntries(of("slot"));
  const [, state = "unknown", ...does] = rows.find(([first]) => first === "step") ?? [];
  return {
    slots: { blue: units.blue ?? "unknown", green: units.green ?? "unknown" },
    services: Object.fromEntries(of("service")),
    proxy: Object.fromEntries(of("proxy")),
    half: names("half"),
    step: { state, does: does.join(" ") },
    failed: names("failed"),
    large: Object.fromEntries(of("large").map(([name, value]) => [name, Number(value)])),
    isLinked: of("link").length === 0 ? undefined : of("link").every(([, target]) => target !== "none-at-all"),
    servedLast: of("served")[0]?.[1],
    gone: slots.filter((slot) => of("release").some(([name, value]) => name === slot && value === "gone")),
    diskPercent: Object.fromEntries(of("disk").map(([name, value]) => [name, Number(value)])),
  };
}

export type HostSituation = {
  stack: string;
  application: string;
  attempt: number;
  serving: Slot | null;
  /** What the last `stage` made ready. */
  staged: Slot | null;
  /** What the host's files say of each slot. */
  contents: Record<Slot, { release: string; digest: string } | null>;
  paths: Pick<HostPaths, "releases" | "current">;
};

/** Which slot served before the link was lost: HAProxy still knows, else the ledger, else the one backend that runs. */
function slotBeforeLoss({ contents }: HostSituation, traces: HostTraces): Slot | undefined {
  const { proxy, slots: units, servedLast } = traces;
  const held = slots.filter((slot) => contents[slot] !== null);
  const open = held.filter((slot) => /^(UP|no)/.test(proxy[slot] ?? ""));
  const running = held.filter((slot) => units[slot] === "active");
  const noted = held.filter((slot) => contents[slot]?.digest === servedLast);
  for (const found of [open, noted, running, held]) if (found.length === 1) return found[0];
  return undefined;
}

/** What the host's facts mean. */
export function diagnoseHost(situation: HostSituation, traces: HostTraces): Section {
  const { stack, application, serving, staged } = situation;
  const anew = `pulumi config set attempt ${situation.attempt + 1} --stack ${stack}\npulumi up --stack ${stack}`;
  const onHost = (command: string) => `npm run ssh -- ${stack} sudo ${command}`;
  const findings: Finding[] = [];
  if (["active", "activating", "deactivating"].includes(traces.step.state))
    findings.push({
      what: `a deployment's step is at work on the host: ${traces.step.does} (unit ${stepUnit})`,
      means:
        "It goes on whatever became of its program; what else is found may be its work. The next run waits for it.",
      command: `${onHost(`systemctl status ${stepUnit}`)}\npulumi up --stack ${stack}`,
    });
  if (traces.step.state === "failed")
    findings.push({
      what: `a deployment's step was ended before it was done: ${traces.step.does} (unit ${stepUnit})`,
      means: "systemd ended it, or it was killed. The next run takes up what it left.",
      command: `${onHost(`systemctl reset-failed ${stepUnit}`)}\npulumi up --stack ${stack}`,
    });
  const before = traces.isLinked === false ? slotBeforeLoss(situation, traces) : undefined;
  if (traces.isLinked === false && slots.some((slot) => situation.contents[slot] !== null))
    findings.push({
      what: `the link ${situation.paths.current}, which names the serving slot, is gone`,
      means:
        before === undefined
          ? "nginx and HAProxy find no release, and which slot served is not known. The next run brings the configured release."
          : `nginx finds no page, and HAProxy does not start again without it. Slot ${before} served, with ${situation.contents[before]?.release}.`,
      command:
        before === undefined
          ? anew
          : `${onHost(`ln -sfn serving/${before} ${situation.paths.current}`)}\n${onHost("systemctl reload-or-restart haproxy")}`,
    });
  for (const [name, state] of Object.entries(traces.services))
    if (state !== "active")
      findings.push({
        what: `${name} is ${state}`,
        means: "Users, or the application, cannot do without it.",
        command: onHost(`systemctl restart ${name}`),
      });
  for (const slot of traces.gone)
    findings.push({
      what: `the files of ${situation.contents[slot]?.release ?? "the release"} in slot ${slot} are gone from the host`,
      means:
        slot === serving
          ? "Its pages are missing, and its backend cannot start again. The next run fetches it from the bucket."
          : "A rollback to it would have to fetch it. The next run that needs it does.",
      command: slot === serving ? `${anew}\n${onHost(`systemctl restart ${backendUnit(application, slot)}`)}` : anew,
    });
  for (const slot of slots) {
    const unit = backendUnit(application, slot);
    if (slot === (serving ?? before) && traces.slots[slot] !== "active")
      findings.push({
        what: `slot ${slot} serves, but its backend is ${traces.slots[slot]}`,
        means: "Users get errors.",
        command: onHost(`systemctl restart ${unit}`),
      });
    if (slot !== serving && slot !== before && traces.slots[slot] === "active")
      findings.push(
        slot === staged
          ? {
              what: `slot ${slot} runs a release that nobody sees yet`,
              means: "A run ended between stage and activate; the next one goes on with it.",
              command: `pulumi up --stack ${stack}`,
            }
          : {
              what: `slot ${slot} still runs, though ${serving ?? "nothing"} serves`,
              means: "A run ended while the old release drained. It takes memory and nothing else.",
              command: onHost(`systemctl disable --now ${unit}`),
            },
      );
  }
  if (serving !== null && /^(DRAIN|MAINT|DOWN)/.test(traces.proxy[serving] ?? ""))
    findings.push({
      what: `the host's files name slot ${serving}, but HAProxy has it as ${traces.proxy[serving]}`,
      means: "A run ended while traffic turned.",
      command: anew,
    });
  for (const name of traces.half)
    findings.push({
      what: `${name} is half a release`,
      means: "A run ended while a release was brought. It never gets a release's name and takes room only.",
      command: onHost(`rm -rf ${situation.paths.releases}/${name}`),
    });
  // Said above already, with what it means.
  const named = [
    ...Object.keys(traces.services).map((name) => `${name}.service`),
    ...slots.map((slot) => backendUnit(application, slot)),
  ];
  for (const name of traces.failed.filter((name) => !named.includes(name)))
    findings.push({
      what: `the unit ${name} has failed`,
      means: "Its journal says why. A failed health check passes again once what it asks for answers.",
      command: `${onHost(`journalctl -u ${name} -n 20 --no-pager`)}\n${onHost(`systemctl restart ${name}`)}`,
    });
  const [largest] = Object.entries(traces.large);
  for (const [path, percent] of Object.entries(traces.diskPercent))
    if (percent >= fullDiskPercent)
      findings.push(
        largest?.[0].startsWith(path === "/" ? path : `${path}/`) === true
          ? {
              what: `${path} is ${percent} % full; the largest log or temporary file is ${largest[0]}, ${mebibytes(largest[1])} MiB`,
              means:
                "A write that finds no space fails, and the next release may not fit. This empties that file: look at it first if you need it.",
              command: onHost(`truncate -s 0 ${quote(largest[0])}`),
            }
          : {
              what: `${path} is ${percent} % full`,
              means:
                "A write that finds no space fails, and the next release may not fit. This removes old journals and fetched packages; where that is not enough, raise host.rootVolumeGiB.",
              command: `${onHost("journalctl --vacuum-size=200M")}\n${onHost("apt-get clean")}\n${onHost(`du -xh --max-depth=2 ${path}`)}`,
            },
      );
  return {
    title: "The host",
    asked: [
      {
        question: "slots",
        answer: slots.map((slot) => `${slot} ${traces.slots[slot]}${slot === serving ? ", serves" : ""}`).join("; "),
      },
      {
        question: "services",
        answer: Object.entries(traces.services)
          .map((row) => row.join(" "))
          .join("; "),
      },
      {
        question: "deployment step",
        answer: traces.step.state === "inactive" ? "none at work" : `${traces.step.state}: ${traces.step.does}`,
      },
      { question: "half releases", answer: traces.half.join(", ") || "none" },
      {
        question: "disk",
        answer: Object.entries(traces.diskPercent)
          .map(([path, percent]) => `${path} ${percent} %`)
          .join("; "),
      },
    ],
    findings,
  };
}
