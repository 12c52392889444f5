import { createHash } from "node:crypto";
import type { StepContext } from "../../context/step";
import { ReleaseRefused } from "../../core/failure";
import { loopback } from "../../core/loopback";
import { roleNames, servingRole } from "../../core/role-names";
import { environmentFile, fillVariables } from "../../host/commands/environment";
import { backendUnit, type Slot } from "../../host/commands/paths";
import { journalScript, startAndWait } from "../../host/commands/stage-script";

/** The environment file of a slot: the application's variables with this deployment's values. */
export function slotEnvironment(context: StepContext, slot: Slot): string {
  const { settings, release, database } = context.input;
  const { backend } = settings.app;
  const { app, adminPassword } = settings.secrets;
  const role = servingRole(settings.database.migrations);
  const values = {
    databaseUrl: `postgresql://${roleNames[role]}:${settings.secrets[`${role}Password`]}@127.0.0.1:${loopback.database}/${database.name}`,
    redisUrl: `redis://127.0.0.1:${loopback.redis}`,
    publicUrl: `https://${settings.network.publicName}`,
    port: String(backend.ports[slot]),
    release: release.name,
    commit: release.commit,
    adminEmail: settings.verification.adminEmail,
    "secrets.adminPassword": adminPassword,
    ...Object.fromEntries(Object.entries(app).map(([name, value]) => [`secrets.app.${name}`, value])),
  };
  return environmentFile(fillVariables({ ...backend.variables, ...backend.moreVariables }, values));
}

/** The same for both slots, but for the port: whether a slot runs with this config. */
export function environmentDigest(context: StepContext): string {
  const { backend, sharedDirectories } = context.input.settings.app;
  const slotNeutral = slotEnvironment(context, "blue").replaceAll(String(backend.ports.blue), "PORT");
  return createHash("sha256")
    .update(
      `${slotNeutral}\n${backend.directory}\n${backend.command}\n${backend.memoryLimitMiB}${sharedDirectories.map((directory) => `\n${directory}`).join("")}`,
    )
    .digest("hex");
}

/**
 * Makes sure that a slot's backend is up and answers.
 * @returns how long that took, in milliseconds
 */
export async function ensureRunning(context: StepContext, slot: Slot): Promise<number> {
  const { app } = context.input.settings;
  const printed = await context.host.run(
    `starting slot ${slot}`,
    startAndWait({
      application: app.name,
      slot,
      port: app.backend.ports[slot],
      healthPath: app.routes.health,
      startTimeoutSeconds: app.backend.startTimeoutSeconds,
    }),
    { timeoutMs: (app.backend.startTimeoutSeconds + 60) * 1000 },
  );
  return Number(printed);
}

export async function stopSlot(context: StepContext, slot: Slot): Promise<void> {
  const unit = backendUnit(context.input.settings.app.name, slot);
  await context.host.run(`stopping slot ${slot}`, `systemctl stop ${unit}`);
}

/** The last lines of a slot's backend, for whoever reads why it was refused. */
export async function lastWords(context: StepContext, slot: Slot, lines = 20): Promise<string[]> {
  const printed = await context.host
    .run("reading the journal", journalScript(context.input.settings.app.name, slot, lines))
    .catch((error: unknown) => `the journal could not be read: ${String(error)}`);
  return printed.split("\n").filter((row) => row !== "");
}

/** Stops a slot that was refused and says why, with the backend's own last words. */
export async function refuse(context: StepContext, slot: Slot, reason: string): Promise<never> {
  const journal = await lastWords(context, slot);
  await stopSlot(context, slot);
  throw new ReleaseRefused(
    "release-not-ready",
    reason,
    `mend ${context.input.release.name} or choose another release; nothing has to be undone`,
    { journal, changed: "undone" },
  );
}
