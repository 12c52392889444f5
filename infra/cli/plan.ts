import { withClient } from "../context/database-connection";
import { readHostState } from "../context/host-state";
import type { StepInput } from "../context/input";
import type { Pair } from "../core/compatibility";
import { chainDigest } from "../database/migrations/chain";
import { migrationsDirectory, readMigrationFiles } from "../database/migrations/files";
import { label } from "../database/migrations/hash-chain";
import { schemaVersion } from "../database/migrations/journal";
import { hostFiles } from "../host/commands/host-files";
import { resolveRelease } from "../release/release";
import type { Settings } from "../settings/settings";
import type { Looked } from "./look";
import { planDeployment, renderPlan } from "./plan-text";
import { settingsDifferences } from "./settings-differences";
import { StackConfig } from "./stack-config";
import { inputOf } from "./stack-state";

/**
 * What the next `up` would do, phase by phase; changes nothing. The host is asked what serves where it can be reached; else the last
 * deployment says it.
 */
export async function plan(
  { stack, configFile, state, open, say }: Looked,
  options: { json?: boolean },
): Promise<boolean> {
  const settings = await new StackConfig(stack, configFile).settings();
  const release = await resolveRelease(settings.release, settings.app.repository);
  const last = inputOf(state);
  const { from, isAsked } = last === undefined ? { from: null, isAsked: true } : await whatServes(last, open);
  const made = planDeployment({
    stack,
    from,
    isAsked,
    to: { release: release.name, commit: release.commit, schemaVersion: settings.schemaVersion },
    settings,
    lastCommit: last?.release.commit,
    differences: last === undefined ? [] : settingsDifferences(last.settings, settings),
    hasNewMigrations: last !== undefined && last.migrations !== chainDigest(),
    migrations: readMigrationFiles(migrationsDirectory).map((migration) => ({
      version: migration.version,
      name: label(migration),
    })),
    changedFiles: last === undefined ? undefined : changedFiles(last, settings),
  });
  say(options.json === true ? JSON.stringify(made) : renderPlan(made));
  return made.refusals.length === 0;
}

async function whatServes(last: StepInput, open: Looked["open"]): Promise<{ from: Pair | null; isAsked: boolean }> {
  try {
    const context = await open("preflight", last);
    const state = await readHostState(context);
    const release = state.serving === null ? undefined : state.slots[state.serving]?.release;
    if (release === undefined) return { from: null, isAsked: true };
    return {
      from: { release, schemaVersion: await withClient(context.connect("readonly"), schemaVersion) },
      isAsked: true,
    };
  } catch {
    return { from: { release: last.release.name, schemaVersion: last.settings.schemaVersion }, isAsked: false };
  }
}

/** Paths of the host's own files that would change. */
function changedFiles(last: StepInput, settings: Settings): string[] {
  const filesOf = (each: Settings) =>
    new Map(
      hostFiles({
        settings: each,
        database: last.database,
        databaseUsers: { app: each.secrets.appPassword },
        dataVolume: last.dataVolume,
        ports: each.app.backend.ports,
      }).files.map(({ path, content, mode, owner }) => [path, JSON.stringify([content, mode, owner])]),
    );
  const [before, after] = [filesOf(last.settings), filesOf(settings)];
  return [...after.keys()].filter((path) => before.get(path) !== after.get(path));
}
