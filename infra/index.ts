import * as pulumi from "@pulumi/pulumi";
import { chainDigest } from "./database/migrations/chain";
import { resolveRelease } from "./release/release";
import { reach } from "./report/contacts";
import { alarmRules } from "./stack/alarms";
import { Artifacts } from "./stack/artifacts";
import { databaseAuthority, publicAuthority } from "./stack/certificate-authority";
import { readSettings } from "./stack/config";
import { DataVolume } from "./stack/data-volume";
import { Database, databaseIdentifier } from "./stack/database";
import { DatabaseTunnel } from "./stack/database-tunnel";
import { describeEnding } from "./stack/ending";
import { FlowLogs } from "./stack/flow-logs";
import { Guard } from "./stack/guard";
import { Host } from "./stack/host";
import { lockBeforeChanges } from "./stack/lock-before-changes";
import { Monitoring } from "./stack/monitoring";
import { Network } from "./stack/network";
import { Notifications } from "./stack/notifications";
import { forgetHandedOverSecrets } from "./stack/own-environment";
import { bundleSteps } from "./stack/phase-bundle";
import { stepCommand } from "./stack/phase-command";
import { PublicAddress } from "./stack/public-address";
import { orRefuse } from "./stack/refusal";
import { Roles } from "./stack/roles";
import { Rollout } from "./stack/rollout";
import { checkRunningDatabase } from "./stack/running-database";
import { ScheduledBackups } from "./stack/scheduled-backups";
import { mapOnlyErrors } from "./stack/source-positions";
import { checkTarget } from "./stack/target";

mapOnlyErrors();
const settings = await orRefuse(readSettings);
forgetHandedOverSecrets();
const { app, secrets, keys } = settings;
// What a file may still refuse, before any resource is declared.
const { authorities, migrations } = await orRefuse(() => ({
  authorities: {
    database: databaseAuthority(settings.database.certificateAuthority, settings.target.region),
    public: publicAuthority(settings.network.certificateAuthority),
  },
  migrations: chainDigest(),
}));
const name = `${app.name}-${pulumi.getStack()}`;
// At once: the target waits for the provider's start, which takes a tenth of an `up` without changes.
const [release] = await orRefuse(() =>
  Promise.all([
    resolveRelease(settings.release, app.repository),
    checkTarget(settings.target),
    checkRunningDatabase(settings, databaseIdentifier(name, settings.database.restoredFrom)),
    pulumi.runtime.isDryRun() ? undefined : bundleSteps(),
  ]),
);
const isProtected = settings.protection;

const artifacts = await lockBeforeChanges({
  region: settings.target.region,
  window: settings.maintenanceWindow,
  declare: () => new Artifacts(`${name}-artifacts`, { isProtected }),
});

const network = new Network(name, settings.network);

const flowLogs = new FlowLogs(`${name}-flows`, { account: settings.target.account, vpcId: network.vpcId });

const database = new Database(name, {
  ...settings.database,
  subnetIds: network.databaseSubnetIds,
  securityGroupId: network.databaseSecurityGroupId,
  masterPassword: pulumi.secret(secrets.masterPassword),
  isProtected,
});

const notifications = new Notifications(`${name}-notifications`, {
  account: settings.target.account,
  emails: Object.fromEntries(Object.entries(settings.contacts.team).map(([role, { email }]) => [role, email])),
});

const host = new Host(`${name}-host`, {
  account: settings.target.account,
  ...settings.host,
  application: app.name,
  region: settings.target.region,
  subnetId: network.publicSubnetId,
  securityGroupId: network.hostSecurityGroupId,
  sshPublicKey: keys.ssh,
  artifactBucketArn: artifacts.arn,
  internet: network.internet,
  isProtected,
});

const dataVolume =
  app.sharedDirectories.length === 0
    ? undefined
    : new DataVolume(`${name}-data`, {
        availabilityZone: network.availabilityZone,
        sizeGiB: settings.host.dataVolumeGiB,
        instanceId: host.instanceId,
        instance: host.instance,
        region: settings.target.region,
        isProtected,
      });

const { runbook } = settings.monitoring;
const { onCall: person } = settings.contacts.escalation;
const onCall = [person.name, ...reach(person)].join(", ");

const monitoring = new Monitoring(`${name}-monitoring`, {
  region: settings.target.region,
  instanceId: host.instanceId,
  databaseIdentifier: database.identifier,
  rules: alarmRules(settings),
  topicArn: notifications.topicArn,
  runbook,
  onCall,
});

const scheduledBackups = new ScheduledBackups(`${name}-backups`, {
  account: settings.target.account,
  atUtc: settings.backup.scheduledAtUtc,
  keepDays: settings.backup.scheduledKeepDays,
  resources: [database.arn, ...(dataVolume === undefined ? [] : [dataVolume.arn])],
  topicArn: notifications.topicArn,
  runbook,
  onCall,
  isProtected,
});

const tunnel = new DatabaseTunnel({
  host: {
    region: settings.target.region,
    instanceId: host.instanceId,
    publicAddress: host.address,
    publicKey: host.publicKey,
  },
  user: settings.host.sshUser,
  privateKey: secrets.sshPrivateKey,
  localPort: settings.host.tunnelPort,
  target: { address: database.address, port: database.port },
});

const roles = new Roles(`${name}-roles`, {
  port: tunnel.port,
  masterPassword: pulumi.secret(secrets.masterPassword),
  database: settings.database.name,
  databaseLineage: database.lineage,
  ownerPassword: pulumi.secret(secrets.ownerPassword),
  appPassword: pulumi.secret(secrets.appPassword),
  readonlyPassword: pulumi.secret(secrets.readonlyPassword),
});

const input = pulumi.secret(
  pulumi.output({
    stack: pulumi.getStack(),
    release,
    migrations,
    host: { id: host.instanceId, address: host.address, publicKey: host.publicKey },
    database: {
      identifier: database.identifier,
      lineage: database.lineage,
      address: database.address,
      port: database.port,
      // Known once the roles are there.
      name: roles.database,
      certificateAuthority: authorities.database,
    },
    publicAuthority: authorities.public,
    dataVolume: dataVolume === undefined ? null : { id: dataVolume.volumeId },
    bucket: artifacts.bucket,
    monitoring: { dashboard: monitoring.dashboard, alarms: monitoring.alarms },
    topicArn: notifications.topicArn,
    settings,
  }),
);

const rollout = new Rollout(name, {
  headline: `${release.name} (${release.commit.slice(0, 12)}), schema ${settings.schemaVersion}, attempt ${settings.attempt}`,
  commandOf: stepCommand,
  input,
});

const publicAddress = new PublicAddress(`${name}-address`, {
  allocationId: host.addressAllocation,
  instanceId: host.instanceId,
  instance: host.instance,
  after: rollout,
});

new Guard(name, {
  guarded: [
    network,
    flowLogs,
    artifacts,
    notifications,
    monitoring,
    host,
    roles,
    scheduledBackups,
    ...(dataVolume === undefined ? [] : [dataVolume]),
  ],
  isProtected,
});

/** The address that users type. */
export const application = `https://${settings.network.publicName}`;
/** Where it is reached while its name does not lead there. */
export const address = host.address;
const ending = pulumi
  .all([rollout.result, publicAddress.associationId])
  .apply(([result]) => describeEnding(pulumi.getStack(), result, new Date(performance.timeOrigin)));
// Below all else that `up` prints, also when nothing had to run: what serves, or that nobody asked, and where the report is.
ending.apply(({ summary }) => {
  if (!pulumi.runtime.isDryRun()) void pulumi.log.info(summary);
});

/** The last good deployment's report, where the stack keeps it; `npm run report -- STACK` fetches it and checks its signature. */
export const report = ending.apply((result) => result.report);
/** Holds reports against their signature. */
export const reportKey = settings.keys.report;
/** What the phases were given, for the commands that look at a stack between two deployments; secret as a whole. */
export const deployment = input;
