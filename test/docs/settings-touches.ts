import type { StepContext } from "../../infra/context/step";
import { hostFiles } from "../../infra/host/commands/host-files";
import { slots } from "../../infra/host/commands/paths";
import { slotFiles } from "../../infra/phases/slots/slots";
import { parseSettings, type Settings } from "../../infra/settings/settings";
import { type Raw, rehearsalSettings } from "../unit/rehearsal-settings";

/** What a change of a setting reaches. Slot and shared files are compared with what the program renders; the rest is declared. */
export type Touch = "release" | "slot" | "shared files" | "database" | "host" | "network" | "nothing that runs";

/** By key, or by the longest beginning of it that stands here. */
const declared: Record<string, readonly Touch[]> = {
  release: ["release", "slot"],
  schemaVersion: ["database"],
  attempt: ["nothing that runs"],
  maintenance: ["nothing that runs"],
  protection: ["database", "host"],
  maintenanceWindow: ["shared files"],
  "maintenanceWindow.toUtc": ["nothing that runs"],
  "maintenanceWindow.override": ["nothing that runs"],
  "target.account": ["nothing that runs"],
  "target.region": ["database", "host", "network"],
  "network.cidrBlock": ["database", "host", "network"],
  "network.publicName": ["slot", "shared files"],
  "network.certificateAuthority": ["nothing that runs"],
  "network.sshFrom": ["network"],
  "network.httpsFrom": ["network"],
  "network.maxBodyMiB": ["shared files"],
  "network.frameAncestors": ["shared files"],
  "database.engineVersion": ["database"],
  "database.instanceClass": ["database"],
  "database.storageGiB": ["database"],
  "database.maxStorageGiB": ["database"],
  "database.multiAz": ["database"],
  "database.backupRetentionDays": ["database"],
  "database.backupWindow": ["database"],
  "database.upkeepWindow": ["database"],
  "database.restoredFrom": ["database"],
  "database.name": ["slot", "shared files", "database"],
  "database.certificateAuthority": ["shared files"],
  "database.lockTimeoutMs": ["nothing that runs"],
  "database.statementTimeoutMs": ["nothing that runs"],
  "database.migrationDeadlineMs": ["nothing that runs"],
  "database.migrations": ["slot"],
  "database.applicationJournal": ["nothing that runs"],
  "database.providerBecomes": ["nothing that runs"],
  backup: ["nothing that runs"],
  "host.instanceType": ["host"],
  "host.rootVolumeGiB": ["host"],
  "host.dataVolumeGiB": ["host"],
  "host.sshUser": ["shared files"],
  "host.imageOwner": ["host"],
  "host.imageName": ["host"],
  "host.tunnelPort": ["nothing that runs"],
  "host.keepReleases": ["nothing that runs"],
  "app.name": ["slot", "shared files", "host"],
  "app.repository": ["release"],
  "app.build": ["release"],
  "app.frontend.directory": ["release"],
  "app.frontend.hashedFiles": ["shared files"],
  "app.frontend.files": ["shared files"],
  "app.backend": ["slot"],
  "app.backend.ports": ["slot", "shared files"],
  "app.backend.startTimeoutSeconds": ["nothing that runs"],
  "app.routes": ["nothing that runs"],
  "app.routes.prefixes": ["shared files"],
  "app.compatibility": ["nothing that runs"],
  "app.sharedDirectories": ["slot", "shared files", "host"],
  "app.overlap": ["shared files"],
  "app.healthReleaseField": ["nothing that runs"],
  "app.continuity": ["nothing that runs"],
  "app.continuityChanges": ["nothing that runs"],
  "app.systemProviders": ["nothing that runs"],
  "app.providersSinceSchema": ["nothing that runs"],
  "app.releasesWithoutProviders": ["nothing that runs"],
  preflight: ["nothing that runs"],
  verification: ["nothing that runs"],
  "verification.adminEmail": ["slot"],
  monitoring: ["nothing that runs"],
  "monitoring.healthCheckMinutes": ["shared files"],
  contacts: ["nothing that runs"],
  signOffs: ["nothing that runs"],
  documents: ["nothing that runs"],
  "keys.ssh": ["host"],
  "keys.tlsCertificate": ["shared files"],
  "keys.report": ["nothing that runs"],
  "secrets.masterPassword": ["database"],
  "secrets.ownerPassword": ["shared files", "database"],
  "secrets.appPassword": ["slot", "shared files", "database"],
  "secrets.readonlyPassword": ["shared files", "database"],
  "secrets.sshPrivateKey": ["nothing that runs"],
  "secrets.tlsPrivateKey": ["shared files"],
  "secrets.reportPrivateKey": ["nothing that runs"],
  "secrets.adminPassword": ["slot"],
  "secrets.checkPassword": ["nothing that runs"],
  "secrets.adminToken": ["nothing that runs"],
  "secrets.userToken": ["nothing that runs"],
  "secrets.app": ["slot"],
};

type Changes = Readonly<Record<string, unknown>>;

/** Settings that only go together: set before and after the change. */
const together: readonly [RegExp, Changes][] = [
  [/^database\.backupWindow\./, { "database.backupWindow": { fromUtc: "03:00", toUtc: "04:00" } }],
  [/^database\.upkeepWindow\./, { "database.upkeepWindow": { day: "Sun", fromUtc: "12:00", toUtc: "14:00" } }],
  [
    /^database\.restoredFrom\./,
    { "database.restoredFrom": { snapshot: "a-snapshot", number: 1, lineage: "db-ABCDEFGHIJKLMNOP" } },
  ],
  [/^database\.applicationJournal\[/, { "database.migrations": "both", "database.applicationJournal": { "2": {} } }],
  [/^backup\.(proof|reason)$/, { "backup.reason": "Ada Lovelace: nothing in this database yet" }],
  [/^backup\.exclude\[/, { "backup.exclude": [{ table: "public.sessions", reason: "made again at the next login" }] }],
  [/^app\.backend\.ports\./, { "app.backend.ports": { blue: 8001, green: 8002 } }],
  [/^maintenanceWindow\.(?!override)/, { maintenanceWindow: { days: ["Tue"], fromUtc: "02:00", toUtc: "05:00" } }],
  [
    /^maintenanceWindow\.override/,
    {
      maintenanceWindow: {
        ...{ days: ["Tue"], fromUtc: "02:00", toUtc: "05:00" },
        override: { by: "Ada Lovelace", reason: "today's outage", until: "2026-11-26T14:30:00Z" },
      },
    },
  ],
  [/^preflight\.externalApis\[/, { "preflight.externalApis": [{ host: "api.openai.com" }] }],
  [/^verification\.pages\[/, { "verification.pages": [{ path: "/login", as: "nobody" }] }],
  [/^signOffs\[/, { signOffs: [{ box: "POST-2.3", by: "Ada Lovelace", on: "2026-11-23" }] }],
];

/** Another value of each setting that its type alone does not give. */
const others: Changes = {
  maintenanceWindow: { days: ["Mon"], fromUtc: "01:00", toUtc: "05:00" },
  "maintenanceWindow.days": ["Mon"],
  "maintenanceWindow.override.until": "2026-11-27T14:30:00Z",
  "target.account": "111111111111",
  "database.upkeepWindow.fromUtc": "12:10",
  "database.upkeepWindow.toUtc": "14:10",
  "network.cidrBlock": "10.77.0.0/16",
  "network.sshFrom": ["198.51.100.0/24"],
  "network.httpsFrom": ["198.51.100.0/24"],
  "network.frameAncestors": ["'none'"],
  'database.applicationJournal["KEY"].up': ["select 1"],
  'database.applicationJournal["KEY"].down': ["select 1"],
  'database.applicationJournal["KEY"].beforeDown': ["select 1"],
  "app.backend.ports.blue": 8003,
  "app.backend.ports.green": 8004,
  "app.build.nodeVersion": "22.1.0",
  "app.routes.prefixes": ["/api/", "/graphql"],
  "app.compatibility": { "v1.1*": [1] },
  "app.sharedDirectories": [],
  "app.continuity": ["JWT_SECRET"],
  "app.continuityChanges": ["JWT_SECRET"],
  "verification.adminEmail": "another@prompt-library.example",
  "verification.checkEmail": "another-check@prompt-library.example",
  "verification.providerRefusals": [403],
  "signOffs[0].box": "POST-2.4",
  "signOffs[0].on": "2026-11-22",
  "keys.ssh": "ssh-ed25519 BBBB",
  "keys.tlsCertificate": "-----BEGIN CERTIFICATE-----\nanother",
  "keys.report": "-----BEGIN PUBLIC KEY-----\nanother",
  ...Object.fromEntries(
    ["masterPassword", "ownerPassword", "appPassword", "readonlyPassword", "checkPassword", "adminPassword"].map(
      (name) => [`secrets.${name}`, "another-password-of-enough-length"],
    ),
  ),
  ...Object.fromEntries(
    ["sshPrivateKey", "tlsPrivateKey", "reportPrivateKey"].map((name) => [
      `secrets.${name}`,
      "-----BEGIN PRIVATE KEY-----\nanother",
    ]),
  ),
  "secrets.adminToken": "another",
  "secrets.userToken": "another",
  "secrets.app": { JWT_SECRET: "another", ENCRYPTION_KEY: "y" },
};

/** @throws Error for a setting that nothing is declared of */
export function touchesOf(key: string): readonly Touch[] {
  const beginning = Object.keys(declared)
    .filter((known) => key === known || (key.startsWith(known) && /^[.[]/.test(key.slice(known.length))))
    .sort((a, b) => b.length - a.length)[0];
  if (beginning === undefined)
    throw new Error(`${key}: say in test/docs/settings-touches.ts what a change of it reaches`);
  return declared[beginning] ?? [];
}

/** What is seen to change of what the program renders for a host when that one setting changes. */
export function touchesSeen(key: string, example: unknown): Touch[] {
  const base = together.find(([pattern]) => pattern.test(key))?.[1] ?? {};
  const [before, after] = [rendered(base), rendered({ ...base, [key]: others[key] ?? otherThan(example) })];
  return [
    ...(before.slot === after.slot ? [] : (["slot"] as const)),
    ...(before.shared === after.shared ? [] : (["shared files"] as const)),
  ];
}

function otherThan(value: unknown): unknown {
  if (typeof value === "number") return value + 1;
  if (typeof value === "boolean") return !value;
  if (Array.isArray(value)) return [...(value as unknown[]), "another"];
  if (typeof value === "object") return { ...value, ANOTHER: "yes" };
  const text = String(value);
  const choice = choices.find((values) => values.includes(text))?.find((each) => each !== text);
  return choice ?? text.replace(/.$/, (last) => (last === "0" ? "1" : last === "5" ? "6" : `${last}0`));
}

const choices = [
  ["program", "application"],
  ["restore", "none"],
  ["required", "asked for"],
  ["localStorage", "sessionStorage"],
  ["admin", "user", "nobody"],
  ["Sun", "Mon"],
  ["02:00", "02:10"],
  ["05:00", "05:10"],
  ["03:00", "03:10"],
  ["03:30", "03:40"],
];

function rendered(changes: Changes): { slot: string; shared: string } {
  const raw = structuredClone(rehearsalSettings());
  for (const [key, value] of Object.entries(changes)) set(raw, key, value);
  const settings = parseSettings(raw, "rehearsal");
  const context = contextOf(settings);
  const { files } = hostFiles({
    ...context.input,
    databaseUsers: { app: settings.secrets.appPassword, owner: settings.secrets.ownerPassword },
    ports: settings.app.backend.ports,
  });
  return {
    slot: slots.map((slot) => slotFiles(context, slot).digest).join(),
    shared: JSON.stringify(files),
  };
}

function contextOf(settings: Settings): StepContext {
  return {
    input: {
      settings,
      release: { name: settings.release, commit: "0".repeat(40) },
      database: {
        address: "database.example",
        port: 5432,
        name: settings.database.name,
        certificateAuthority: settings.database.certificateAuthority,
      },
      dataVolume: settings.app.sharedDirectories.length === 0 ? null : { id: "vol-0123456789abcdef0" },
    },
  } as unknown as StepContext;
}

/** Sets a value below a path such as `app.backend.ports.blue` or `signOffs[0].box`. */
function set(raw: Raw, key: string, value: unknown): void {
  const names = key
    .replaceAll('["KEY"]', ".2")
    .replaceAll(/\[(\d+)\]/g, ".$1")
    .split(".");
  const last = names.pop() ?? "";
  let place = raw;
  for (const name of names) {
    place[name] = Array.isArray(place[name])
      ? [...(place[name] as unknown[])]
      : { ...(place[name] as Raw | undefined) };
    place = place[name] as Raw;
  }
  place[last] = value;
}
