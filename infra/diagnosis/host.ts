import { backendUnit, type Slot, slots } from "../host/commands/paths";
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
};

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
  /** Directory of the releases. */
  releases: string;
};

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
  for (const slot of slots) {
    const unit = backendUnit(application, slot);
    if (slot === serving && traces.slots[slot] !== "active")
      findings.push({
        what: `slot ${slot} serves, but its backend is ${traces.slots[slot]}`,
        means: "Users get errors.",
        command: onHost(`systemctl restart ${unit}`),
      });
    if (slot !== serving && traces.slots[slot] === "active")
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
  for (const [name, state] of Object.entries(traces.services))
    if (state !== "active")
      findings.push({
        what: `${name} is ${state}`,
        means: "Users or the application miss it.",
        command: onHost(`systemctl restart ${name}`),
      });
  for (const name of traces.half)
    findings.push({
      what: `${name} is half a release`,
      means: "A run ended while a release was brought. It never gets a release's name and takes room only.",
      command: onHost(`rm -rf ${situation.releases}/${name}`),
    });
  for (const name of traces.failed)
    findings.push({
      what: `the unit ${name} has failed`,
      means: "systemd keeps it so until somebody looks.",
      command: onHost(`systemctl status ${name}`),
    });
  for (const [path, percent] of Object.entries(traces.diskPercent))
    if (percent >= fullDiskPercent)
      findings.push({
        what: `${path} is ${percent} % full`,
        means: "The next release may not fit.",
        command: onHost(`du -xh --max-depth=2 ${path}`),
      });
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
