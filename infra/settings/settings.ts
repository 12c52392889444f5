import { z } from "zod";
import { pairProblem } from "../core/compatibility";
import { Failure } from "../core/failure";
import { applicationSettings, releaseName } from "./application";
import { backupSettings } from "./backup";
import { windowProblems } from "./database-windows";
import { documentSettings } from "./documents";
import { journalProblem } from "./migrations";
import { monitoringSettings } from "./monitoring";
import { contactSettings, maintenanceWindowSettings, signOffSettings } from "./operations";
import {
  databaseSettings,
  hostSettings,
  keySettings,
  networkSettings,
  secretSettings,
  targetSettings,
} from "./platform";
import { preflightSettings } from "./preflight";
import { explain, problem, rule } from "./problem";
import { regionRoots } from "./region-roots";
import { nameProblem } from "./stack-name";
import { verificationSettings } from "./verification";

export const settingsSchema = z.strictObject({
  /** A git tag, branch or commit of the application. */
  release: releaseName,
  schemaVersion: z.int().min(1),
  /** Raise it to run the whole rollout again with nothing else changed. */
  attempt: z.int().min(1).default(1),
  /** Closes the service behind a page that says so, until an `up` with false: for the rare change that users must not see. */
  maintenance: z.boolean().default(false),
  /** One switch for deletion protection, `protect` and the final snapshot. */
  protection: z.boolean(),
  target: targetSettings,
  network: networkSettings,
  database: databaseSettings,
  backup: backupSettings.prefault({}),
  host: hostSettings,
  app: applicationSettings,
  maintenanceWindow: maintenanceWindowSettings,
  preflight: preflightSettings.prefault({}),
  verification: verificationSettings,
  monitoring: monitoringSettings.prefault({}),
  contacts: contactSettings,
  signOffs: signOffSettings.default([]),
  documents: documentSettings.prefault({}),
  keys: keySettings,
  secrets: secretSettings,
});

export type Settings = z.infer<typeof settingsSchema>;

/** Everything wrong with a stack's config, in one error. */
export class SettingsError extends Failure {
  constructor(readonly problems: readonly string[]) {
    super(
      "settings-wrong",
      `${problems.length === 1 ? "1 setting is" : `${problems.length} settings are`} wrong; nothing has changed:\n` +
        problems.map((problem) => `  - ${problem}`).join("\n"),
      "",
      { changed: "nothing" },
    );
    this.name = "SettingsError";
  }
}

/**
 * Turns a stack's raw config into settings that the rest of the program trusts.
 * @param raw the values below the project's namespace, JSON already parsed (`{release: "v1.2.0", database: {…}}`)
 * @param stack the stack's name, which is part of what Amazon's resources are called
 * @throws SettingsError naming key, rule, value and remedy of every problem at once; secret values are never shown
 */
export function parseSettings(raw: unknown, stack: string): Settings {
  const parsed = settingsSchema.safeParse(raw, { reportInput: true });
  if (!parsed.success) throw new SettingsError(parsed.error.issues.flatMap((issue) => explain(issue, settingsSchema)));
  const problems = crossChecks(parsed.data, stack);
  if (problems.length > 0) throw new SettingsError(problems);
  return parsed.data;
}

/** What is wrong with one setting by itself, by its path (`network.sshFrom.0`). */
export function settingsProblemsAt(path: string, value: unknown): string[] {
  const raw = path
    .split(".")
    .reverse()
    .reduce<unknown>((inner, key) => (/^\d+$/.test(key) ? [inner] : { [key]: inner }), value);
  const { error } = settingsSchema.safeParse(raw);
  return (error?.issues ?? []).filter((issue) => issue.path.join(".") === path).map(rule);
}

function crossChecks(settings: Settings, stack: string): string[] {
  const problems: string[] = [];
  const name = nameProblem(settings.app.name, stack);
  if (name !== undefined) problems.push(name);
  const { region } = settings.target;
  if (settings.database.certificateAuthority === "amazon" && regionRoots(region).length === 0)
    problems.push(
      problem(
        "database.certificateAuthority",
        `has no certificate authorities for the region ${region}`,
        "amazon",
        `correct target.region, or: curl -fO https://truststore.pki.rds.amazonaws.com/${region}/${region}-bundle.pem && pulumi config set --path database.certificateAuthority ${region}-bundle.pem`,
      ),
    );
  problems.push(...windowProblems(settings));
  const { storageGiB, maxStorageGiB } = settings.database;
  const leastMaximum = Math.ceil((storageGiB * 11) / 10);
  if (maxStorageGiB !== undefined && maxStorageGiB < leastMaximum)
    problems.push(
      problem(
        "database.maxStorageGiB",
        `must be at least 10 % above database.storageGiB, which is ${storageGiB}`,
        maxStorageGiB,
        `pulumi config set --path database.maxStorageGiB ${leastMaximum}`,
      ),
    );
  const pair = pairProblem(settings.release, settings.schemaVersion, settings.app.compatibility);
  if (pair !== undefined) problems.push(pair);
  const journal = journalProblem(settings.database, settings.schemaVersion, settings.app.providersSinceSchema);
  if (journal !== undefined) problems.push(journal);
  const { blue, green } = settings.app.backend.ports;
  if (blue === green)
    problems.push(
      problem(
        "app.backend.ports.green",
        "must differ from app.backend.ports.blue",
        green,
        `pulumi config set --path app.backend.ports.green ${blue + 1}`,
      ),
    );
  for (const [name, value] of Object.entries({
    ...settings.app.backend.variables,
    ...settings.app.backend.moreVariables,
  }))
    for (const [, reference] of value.matchAll(/\$\{secrets\.app\.([^}]+)\}/g))
      if (reference !== undefined && !(reference in settings.secrets.app))
        problems.push(
          problem(
            `secrets.app.${reference}`,
            `is required by app.backend.variables.${name}`,
            undefined,
            `pulumi config set --secret --path 'secrets.app.${reference}', which asks for the value`,
          ),
        );
  return problems;
}
