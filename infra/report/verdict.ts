import { type BoxId, boxes } from "../checklist/boxes";
import { type BoxResult, groupFailed } from "../checklist/result";
import type { Pair } from "../core/compatibility";
import { type Phase, phases, whereItFails } from "../core/phases";
import { isComputed } from "./computed";
import { detail } from "./details";
import { byRole } from "./format";
import type { DeploymentHeader } from "./header";
import type { PhaseRecord } from "./record";
import type { Report, Trouble } from "./shape";

/** Phases that leave all as they found it; the resources that the same `pulumi up` changed before them are not theirs. */
const changesNothing: ReadonlySet<Phase> = new Set<Phase>(["preflight", "backup"]);

/** Evidence writes the report, so that a report never waits for it. */
const awaited = phases.filter((phase) => phase !== "evidence");

export function stateOf(chain: readonly PhaseRecord[], results: readonly BoxResult[]): Report["state"] {
  if (results.some((box) => box.result === "failed") || chain.some((record) => record.outcome === "failed"))
    return "failed";
  return awaited.every((phase) => chain.some((record) => record.phase === phase)) ? "good" : "unfinished";
}

/** The failed phase first, then the failed boxes, a cause each; computed boxes only repeat what others say. */
export function troublesOf(chain: readonly PhaseRecord[], results: readonly BoxResult[]): Trouble[] {
  const title = new Map(boxes.map((box) => [box.id, box.title]));
  const failed = new Set<string>(results.filter(({ result }) => result === "failed").map(({ id }) => id));
  // A box that has its own line is not listed twice; the phase lists boxes in the order in which it looked.
  const isListed = (row: string) => {
    const ids = /^- ((?:[A-Z]+-[\d.]+(?:, )?)+): /.exec(row.trim())?.[1]?.split(", ");
    return ids?.every((id) => failed.has(id)) === true;
  };
  const once = (message: string) =>
    message
      .split("\n")
      .filter((row) => !isListed(row))
      .join("\n")
      .replace(/:$/, ".");
  const phaseTroubles = chain.flatMap(({ outcome, phase, error }) =>
    outcome === "failed"
      ? [
          {
            where: phase,
            what: once(error?.message ?? "failed without a word"),
            ...(error?.code === undefined ? {} : { code: error.code }),
            ...(error?.remedy === undefined ? {} : { remedy: error.remedy }),
          },
        ]
      : [],
  );
  // A box that failed with its phase, in the same words, is the same finding.
  const isTold = (evidence: string) => phaseTroubles.some(({ what }) => what.includes(evidence));
  const apart = results.filter((box) => !isComputed(box.id) && !isTold(box.evidence));
  const boxTroubles = groupFailed(apart).map(({ ids, evidence, reason }) => ({
    where: ids.join(", "),
    what: ids.length === 1 ? `${title.get(ids[0] as BoxId)}: ${evidence}` : evidence,
    ...(reason === undefined ? {} : { remedy: reason }),
  }));
  return [...phaseTroubles, ...boxTroubles];
}

/** What serves now: as it was answered where somebody asked, by the phases' own word where they give it, else by what each phase leaves when it ends or fails. */
export function servingOf(header: DeploymentHeader, chain: readonly PhaseRecord[], remarks: string[]): string {
  const last = chain.at(-1);
  const answered = last === undefined ? undefined : detail(last, "served", remarks);
  if (answered !== undefined) return answered;
  const said = chain.findLast((record) => detail(record, "serving", remarks) !== undefined);
  const word = said === undefined ? undefined : detail(said, "serving", remarks);
  if (word !== undefined) return word;
  const done = (phase: Phase): boolean => chain.some((record) => record.phase === phase && record.outcome !== "failed");
  const failedAt = chain.find((record) => record.outcome === "failed")?.phase;
  const hasChanged = chain.some((record) => detail(record, "changesResources", remarks) === true);
  const where =
    failedAt === undefined
      ? ""
      : hasChanged && changesNothing.has(failedAt)
        ? `: ${failedAt} has changed nothing, but this pulumi up had created or changed resources before it`
        : `: ${whereItFails[failedAt]}`;
  if (done("activate")) {
    const higher = Math.max(header.from?.schemaVersion ?? 0, header.to.schemaVersion);
    return `${header.to.release} serves, on schema ${done("schemaDown") ? header.to.schemaVersion : higher}${where}.`;
  }
  if (header.from === undefined)
    return `Whatever served before${where}. Which release that is could not be asked; npm run diagnose says.`;
  if (header.from === null)
    return `Nothing serves yet; this was the first deployment${failedAt === undefined ? "" : `, and it stopped at ${failedAt}`}.`;
  // Only phases from schemaUp on touch the schema, and what it made stays, since the older release runs with it too.
  const schema = done("schemaUp")
    ? Math.max(header.from.schemaVersion, header.to.schemaVersion)
    : header.from.schemaVersion;
  return `${header.from.release} serves, on schema ${schema}${where}.`;
}

export function headlineOf(
  state: Report["state"],
  header: DeploymentHeader,
  chain: readonly PhaseRecord[],
  troubles: readonly Trouble[],
): string {
  const to = name(header.to);
  const failedAt = chain.find((record) => record.outcome === "failed")?.phase;
  if (state === "good") return `${to} serves, and no box failed.`;
  if (state === "unfinished") return `${to} is not deployed to the end yet.`;
  if (failedAt !== undefined) return `${to} stopped at ${failedAt}.`;
  return `${to} ran to its end, but ${troubles.length} ${troubles.length === 1 ? "box" : "boxes"} failed.`;
}

/** What to do, in order; never empty. */
export function nextOf(
  state: Report["state"],
  header: DeploymentHeader,
  chain: readonly PhaseRecord[],
  results: readonly BoxResult[],
  troubles: readonly Trouble[],
): string[] {
  const open = results.filter((box) => box.result === "open" && !isComputed(box.id)).map((box) => box.id);
  const signOff =
    open.length === 0
      ? []
      : [`Have ${open.join(", ")} signed off: add box, by and on to signOffs in the stack's config.`];
  if (state === "good") return signOff.length > 0 ? signOff : ["Nothing is left to do."];
  if (state === "unfinished") {
    const missing = awaited.find((phase) => !chain.some((record) => record.phase === phase));
    return [
      `Run pulumi up again: it goes on at ${missing}.`,
      "If it says that the stack is locked by a run that no longer lives: pulumi cancel, then pulumi up.",
    ];
  }
  const remedies = troubles
    .flatMap(({ remedy }) => (remedy === undefined ? [] : remedy.split("\n")))
    .filter((line) => line.trim() !== "");
  const again = "Then run pulumi up again: what already holds is left alone.";
  const activated = chain.some((record) => record.phase === "activate" && record.outcome !== "failed");
  const mend =
    remedies.length === 0
      ? ["Mend what failed; npm run diagnose reads the rest of the story."]
      : [...new Set(remedies)];
  return [
    ...mend.map(sentence),
    again,
    ...(header.from === undefined || header.from === null ? [] : [wayBack(header.from, activated, header.wayBack)]),
    callLine(header),
  ];
}

/** As the lines around it are; a command stays as it is typed. */
function sentence(text: string): string {
  return /^(pulumi|npm|npx|aws|ssh|systemctl|journalctl|git) /.test(text)
    ? text
    : `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

function wayBack(from: Pair, activated: boolean, known: string | undefined): string {
  if (activated && known !== undefined) return `To go back instead: ${known}`;
  const commands = `pulumi config set release ${from.release} && pulumi config set schemaVersion ${from.schemaVersion} && pulumi up`;
  return activated ? `To go back instead: ${commands}` : `To give it up and stay with what serves: ${commands}`;
}

function callLine(header: DeploymentHeader): string {
  const [role, person] =
    byRole(header.escalation).find(([key]) => key === "onCall") ?? byRole(header.escalation)[0] ?? [];
  if (role === undefined || person === undefined) return "Nobody is named to escalate to: fill in contacts.escalation.";
  return `If users are affected, call ${[person.name, person.phone ?? person.email].filter(Boolean).join(", ")}.`;
}

export function name({ release, schemaVersion }: Pair): string {
  return `${release} with schema ${schemaVersion}`;
}
