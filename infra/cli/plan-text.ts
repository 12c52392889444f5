import { type Pair, pairProblem } from "../core/compatibility";
import type { Failure } from "../core/failure";
import { type Phase, phases } from "../core/phases";
import { transitionProblem, wayBack } from "../release/way-back";
import type { Settings } from "../settings/settings";
import type { Difference } from "./settings-differences";

export type PlanArgs = {
  stack: string;
  /** What serves; null where nothing does. */
  from: Pair | null;
  /** Whether the host was asked, or only the last deployment is known. */
  isAsked: boolean;
  to: Pair & { commit: string };
  settings: Settings;
  lastCommit: string | undefined;
  differences: readonly Difference[];
  hasNewMigrations: boolean;
  migrations: readonly { version: number; name: string }[];
  /** Files of the host that would change; undefined where there is no host yet. */
  changedFiles: readonly string[] | undefined;
};

export type Plan = Pick<PlanArgs, "stack" | "from" | "isAsked" | "to" | "differences"> & {
  /** Whether any phase would run. */
  isDue: boolean;
  phases: { phase: Phase; does: string }[];
  rollback: string;
  refusals: string[];
};

/** What the next `up` would do, as far as config and what serves decide it. */
export function planDeployment(args: PlanArgs): Plan {
  const { stack, from, isAsked, to, differences, settings } = args;
  const { compatibility } = settings.app;
  const refusals = [
    pairProblem(to.release, to.schemaVersion, compatibility),
    describeProblem(transitionProblem(from, to, compatibility)),
  ].filter((problem) => problem !== undefined);
  return {
    stack,
    from,
    isAsked,
    to,
    differences,
    isDue: args.lastCommit !== to.commit || differences.length > 0 || args.hasNewMigrations,
    phases: phases.map((phase) => ({ phase, does: describe[phase](args) })),
    rollback: wayBack(from, to, compatibility, settings.database.migrations).words,
    refusals,
  };
}

function describeProblem(failure: Failure | undefined): string | undefined {
  return failure === undefined ? undefined : `${failure.message}. Remedy: ${failure.remedy}`;
}

const describe: Record<Phase, (args: PlanArgs) => string> = {
  preflight: ({ settings }) =>
    `checks target, credentials, versions, certificates, backups and the maintenance window (${settings.maintenanceWindow === "any" ? "any time" : `${settings.maintenanceWindow.days.join(", ")} ${settings.maintenanceWindow.fromUtc}–${settings.maintenanceWindow.toUtc} UTC`}); changes nothing`,
  backup: ({ from, to, settings }) =>
    from === null || from.schemaVersion === to.schemaVersion
      ? "nothing to do: the schema does not change"
      : settings.backup.proof === "none"
        ? `makes a snapshot and does not prove it (backup.proof: none; ${settings.backup.reason ?? ""})`
        : "makes a snapshot, restores it beside the database and proves it; nothing is locked meanwhile",
  schemaUp: ({ from, to, settings, migrations }) => {
    const names = migrations.filter(
      ({ version }) => version > (from?.schemaVersion ?? 0) && version <= to.schemaVersion,
    );
    if (names.length === 0) return "nothing to do";
    if (settings.database.migrations === "application")
      return `nothing to do: the application migrates to schema ${to.schemaVersion} when it starts`;
    return `runs ${list(names)}; each statement waits at most ${settings.database.lockTimeoutMs} ms for its locks`;
  },
  configure: ({ changedFiles }) =>
    changedFiles === undefined
      ? "writes every file of the host"
      : changedFiles.length === 0
        ? "nothing to do: the host's files stay as they are"
        : `writes ${changedFiles.map((path) => `\`${path}\``).join(", ")}; the old files come back if a test of them fails`,
  stage: ({ from, to, settings, differences }) => {
    const variables = differences.filter(({ key }) => /^(app\.backend\.(moreV|v)ariables|secrets)\./.test(key));
    const changes = variables.length === 0 ? "" : `; its environment changes (${variables.length} settings below)`;
    if (from?.release === to.release && changes === "") return `keeps ${to.release} where nothing of it changes`;
    return `${settings.app.overlap ? "starts" : "brings"} ${to.release} (\`${to.commit.slice(0, 12)}\`) in the idle slot; no traffic yet${changes}`;
  },
  verify: ({ settings }) =>
    `makes the checklist's checks on the idle slot, with at most ${settings.verification.requestBudget} requests`,
  activate: ({ settings }) =>
    settings.app.overlap
      ? `switches traffic without a pause, watches the release for ${settings.verification.bakeSeconds} s and switches back if it fails`
      : `holds requests while the old copy stops and the new one starts (10 s at most), watches it for ${settings.verification.bakeSeconds} s and goes back if it fails`,
  backfill: ({ to, settings }) =>
    to.schemaVersion < settings.app.providersSinceSchema
      ? "nothing to do: this schema has no providers"
      : "gives connections without a provider's id theirs, in batches",
  schemaDown: ({ from, to, migrations }) => {
    const names = migrations
      .filter(({ version }) => version > to.schemaVersion && version <= (from?.schemaVersion ?? 0))
      .reverse();
    return names.length === 0
      ? "nothing to do"
      : `takes back ${list(names)} once ${to.release} serves; what it removes is kept in rollback_keep`;
  },
  evidence: () => "proves every box that is left, writes and signs the report, tells the team",
};

function list(migrations: readonly { name: string }[]): string {
  return migrations.map(({ name }) => `\`${name}\``).join(", ");
}

/** As Markdown, for a pull request. */
export function renderPlan(plan: Plan): string {
  const { stack, from, to, isAsked, isDue, differences, refusals } = plan;
  const name = ({ release, schemaVersion }: Pair) => `**${release}** at schema ${schemaVersion}`;
  const source = isAsked ? "" : " (by the last deployment; the host was not reached)";
  const head = [
    `<!-- plan of ${stack} -->`,
    `### Plan for \`${stack}\``,
    "",
    from === null
      ? `First deployment: ${name(to)} (\`${to.commit.slice(0, 12)}\`).`
      : `${name(from)}${source} → ${name(to)} (\`${to.commit.slice(0, 12)}\`).`,
  ];
  if (!isDue && from !== null)
    return [...head, "", "No phase runs: nothing has changed since the last deployment."].join("\n");
  return [
    ...head,
    ...(refusals.length === 0
      ? []
      : ["", "**This deployment would be refused:**", "", ...refusals.map((row) => `- ${row}`)]),
    "",
    "| phase | what it does |",
    "|---|---|",
    ...plan.phases.map(({ phase, does }) => `| ${phase} | ${cell(does)} |`),
    "",
    `**Rollback:** ${plan.rollback}`,
    ...(differences.length === 0
      ? []
      : [
          "",
          "| setting | last deployment | now |",
          "|---|---|---|",
          ...differences.map(({ key, before, after }) => `| \`${key}\` | ${code(before)} | ${code(after)} |`),
        ]),
    "",
    "Changes of the stack's resources are in Pulumi's own preview.",
  ].join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replace(/\s+/g, " ");
}

function code(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 79)}…` : text;
  return `\`${cell(short).replaceAll("`", "'")}\``;
}
