import type { Slot } from "../host/commands/paths";

export type Status = {
  stack: string;
  application: string;
  publicUrl: string;
  address: string;
  serving: {
    release: string;
    commit: string;
    schemaVersion: number;
    slot: Slot;
    /** ISO 8601; null where the ledger does not say. */
    since: string | null;
    who: string | null;
  } | null;
  /** As systemd calls each slot's backend. */
  slots: { slot: Slot; release: string | null; backend: string }[];
  /** What the config asks for, and the settings that the last deployment did not have so. */
  configured: { release: string; schemaVersion: number; differing: string[] };
  lastReport: { at: string; state: string; headline: string; address: string } | null;
  alarms: { name: string; state: string }[];
  /** Who holds the deployment lock. */
  lock: string | null;
};

const mostColumns = 80;

/** What is wrong with it, if anything; a deployment that is due is not. */
export function troublesOf({ serving, slots, lastReport, alarms }: Status): string[] {
  if (serving === null) return ["nothing serves"];
  const backend = slots.find(({ slot }) => slot === serving.slot)?.backend;
  return [
    ...(backend === "active" ? [] : [`the backend in slot ${serving.slot} serves and is ${backend}`]),
    ...(lastReport === null || lastReport.state === "good" ? [] : [`the last deployment ended ${lastReport.state}`]),
    ...alarms.flatMap(({ name, state }) =>
      state === "ALARM" || state === "missing" ? [`alarm ${name}: ${state}`] : [],
    ),
  ];
}

/** One screen of 80 columns. */
export function renderStatus(status: Status): string {
  const { serving, configured, lastReport, alarms, lock } = status;
  const others = alarms.filter(({ state }) => state !== "OK");
  const isDue = configured.differing.length > 0;
  const troubles = troublesOf(status);
  const rows: [string, string][] = [
    ["stack", `${status.stack}: ${status.application} at ${status.publicUrl} (${status.address})`],
    [
      "serves",
      serving === null
        ? "nothing"
        : `${serving.release} (${serving.commit.slice(0, 12)}), schema ${serving.schemaVersion}, slot ${serving.slot}`,
    ],
    ...(serving === null
      ? []
      : [["since", `${minute(serving.since)}, deployed by ${serving.who ?? "unknown"}`] as [string, string]]),
    ...status.slots.map(
      ({ slot, release, backend }) => [`slot ${slot}`, `${release ?? "empty"}, backend ${backend}`] as [string, string],
    ),
    [
      "config",
      isDue
        ? `${configured.release}, schema ${configured.schemaVersion}; not deployed yet: ${shortList(configured.differing)}`
        : "deployed as it is",
    ],
    [
      "report",
      lastReport === null ? "none yet" : `${minute(lastReport.at)} ${lastReport.state}: ${lastReport.headline}`,
    ],
    ["", lastReport?.address ?? ""],
    [
      "alarms",
      others.length === 0 ? `${alarms.length} OK` : others.map(({ name, state }) => `${name} ${state}`).join(", "),
    ],
    ["lock", lock ?? "free"],
    ["trouble", troubles.join("; ") || "none"],
    [
      "next",
      troubles.length > 0 ? `npm run diagnose -- ${status.stack}` : isDue ? `npm run plan -- ${status.stack}` : "",
    ],
  ];
  return rows.flatMap(([name, text]) => (text === "" ? [] : wrap(name, text))).join("\n");
}

function shortList(keys: readonly string[]): string {
  return keys.length <= 4 ? keys.join(", ") : `${keys.slice(0, 4).join(", ")} and ${keys.length - 4} more`;
}

function minute(iso: string | null): string {
  return iso === null ? "unknown" : `${iso.slice(0, 16).replace("T", " ")}Z`;
}

/** Breaks at blanks; what has none stays whole, to be copied. */
function wrap(name: string, text: string): string[] {
  const indent = 12;
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= mostColumns - indent)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map((line, index) => `${(index === 0 ? name : "").padEnd(indent)}${line}`);
}
