import { createHash } from "node:crypto";
import type { HostState } from "../../context/host-state";
import type { StepContext } from "../../context/step";
import { ReleaseRefused } from "../../core/failure";
import { loopback } from "../../core/loopback";
import { roleNames, servingRole } from "../../core/role-names";
import { environmentFile, fillVariables } from "../../host/commands/environment";
import { otherSlot, type Slot } from "../../host/commands/paths";
import { journalScript, type SlotBackend, startAndWait, stopScript } from "../../host/commands/stage-script";
import { backendUnitText } from "../../host/commands/systemd";
import type { Settings } from "../../settings/settings";

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

/** All that config gives a release to run with in a slot; the digest changes with any of it. */
export function slotFiles(context: StepContext, slot: Slot): { environment: string; unit: string; digest: string } {
  const { app } = context.input.settings;
  const environment = slotEnvironment(context, slot);
  const unit = backendUnitText({
    application: app.name,
    directory: app.backend.directory,
    command: app.backend.command,
    memoryLimitMiB: app.backend.memoryLimitMiB,
    stopTimeoutSeconds: app.backend.drainTimeoutSeconds,
    hasSharedFiles: context.input.dataVolume !== null,
  });
  const digest = createHash("sha256")
    .update(JSON.stringify([environment, unit, app.backend.ports[slot], app.sharedDirectories]))
    .digest("hex");
  return { environment, unit, digest };
}

/** How config says that a slot's backend is reached and known to be up. */
export function configuredBackend({ app }: Settings, slot: Slot): SlotBackend {
  return {
    port: app.backend.ports[slot],
    healthPath: app.routes.health,
    startTimeoutSeconds: app.backend.startTimeoutSeconds,
  };
}

/** How each slot's backend is reached: as it was staged, and as config says where nobody knows. */
export function slotBackends(settings: Settings, state: HostState): Record<Slot, SlotBackend> {
  const of = (slot: Slot) => state.slots[slot] ?? configuredBackend(settings, slot);
  return { blue: of("blue"), green: of("green") };
}

/** The port of each slot: that of the serving one is what it was staged with, the other one's what it will be staged with. */
export function slotPorts(settings: Settings, state: HostState): Record<Slot, number> {
  const { ports } = settings.app.backend;
  if (state.serving === null) return ports;
  return { ...ports, [state.serving]: slotBackends(settings, state)[state.serving].port };
}

/** What would make the next release fail to listen, one line each. */
export function portProblems(settings: Settings, state: HostState): string[] {
  const { serving } = state;
  if (serving === null) return [];
  const idle = otherSlot(serving);
  const ports = slotPorts(settings, state);
  if (ports[idle] !== ports[serving]) return [];
  const key = `app.backend.ports.${idle}`;
  return [
    `${key}: port ${ports[idle]} is taken: slot ${serving}, which serves, was started with it. ` +
      `Remedy: pulumi config set --path ${key} ${ports[idle] + 10}, or any other port that is free on the host`,
  ];
}

/** The slot that the next release comes to. */
export function idleSlot(state: HostState): Slot {
  return state.serving === null ? "blue" : otherSlot(state.serving);
}

/**
 * Makes sure that a slot's backend is up and answers.
 * @returns how long that took, in milliseconds
 */
export async function ensureRunning(context: StepContext, slot: Slot, backend: SlotBackend): Promise<number> {
  const printed = await context.host.run(
    `starting slot ${slot}`,
    startAndWait({ application: context.input.settings.app.name, ...backend, slot }),
    { timeoutMs: (backend.startTimeoutSeconds + 60) * 1000 },
  );
  return Number(printed);
}

export async function stopSlot(context: StepContext, slot: Slot): Promise<void> {
  await context.host.run(`stopping slot ${slot}`, stopScript(context.input.settings.app.name, slot));
}

/** The last lines of a slot's backend, to show why it was refused. */
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
