import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import {
  DeleteDBInstanceCommand,
  DescribeDBInstancesCommand,
  ModifyDBInstanceCommand,
  RDSClient,
} from "@aws-sdk/client-rds";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { restore } from "../../infra/cli/restore";
import { stackInput } from "../../infra/cli/stack-input";
import { readStackState } from "../../infra/cli/stack-state";
import { openContext } from "../../infra/context/context";
import { withClient } from "../../infra/context/database-connection";
import type { StepInput } from "../../infra/context/input";
import { ownerOf } from "../../infra/context/owner";
import type { StepContext } from "../../infra/context/step";
import type { StackOwner } from "../../infra/database/backup/ownership";
import { awaitSnapshot, beginSnapshot, deleteSnapshot, stackSnapshots } from "../../infra/database/backup/snapshots";
import { schemaVersion } from "../../infra/database/migrations";
import { backup } from "../../infra/phases/backup/backup";
import { documentedActions, type Policy } from "../aws-permissions";
import type { Rehearsal } from "../rehearsal/rehearsal";
import { type LoadResult, underLoad } from "../steady-load";
import { healthOf } from "./activation/suite";
import { asOwner, permissionRecord } from "./as-owner";
import { deployed, log, servingRelease, stack } from "./deployed";
import { onHost } from "./steps";

// A protected stack from its restore to its end. RDS's own waits are most of the time: each change of the instance takes a minute and a half.
const rds = () => new RDSClient(asOwner);
const late = "/srv/prompt-library/shared/interface/backend/data/late.json";

let rehearsal: Rehearsal;
let owner: StackOwner;

beforeAll(async () => {
  rehearsal = await deployed("v1.1.0", 1, { protection: "true" });
  owner = ownerOf(await stackInput(stack));
});

afterAll(async () => {
  await rehearsal.pulumi.setConfig("protection", "false");
  await rehearsal.pulumi.capture("config", "rm", "--path", "database.restoredFrom");
  await rehearsal.pulumi.setConfig("database.storageGiB", "20");
  await rehearsal.pulumi.setConfig("app.sharedDirectories[0]", "interface/backend/data");
  for (const { id } of await stackSnapshots(rds(), owner)) await deleteSnapshot(rds(), id);
});

/** What of the stack the cloud still has; a terminated instance is listed for a while. */
async function inTheCloud(): Promise<string[]> {
  const ec2 = await new EC2Client(asOwner).send(new DescribeInstancesCommand({}));
  const instances = (ec2.Reservations ?? []).flatMap((reservation) => reservation.Instances ?? []);
  const databases = (await rds().send(new DescribeDBInstancesCommand({}))).DBInstances ?? [];
  const buckets =
    (await new S3Client({ ...asOwner, forcePathStyle: true }).send(new ListBucketsCommand({}))).Buckets ?? [];
  return [
    ...instances
      .filter(
        (instance) =>
          instance.State?.Name !== "terminated" && (instance.Tags ?? []).some((tag) => tag.Value?.includes(stack)),
      )
      .map((instance) => `instance ${instance.InstanceId}`),
    ...databases.map((database) => database.DBInstanceIdentifier ?? "").filter((name) => name.includes(stack)),
    ...buckets.map((bucket) => bucket.Name ?? "").filter((name) => name.includes(stack)),
  ];
}

async function look<T>(
  work: (context: StepContext) => Promise<T>,
  change: (input: StepInput) => StepInput = (input) => input,
): Promise<T> {
  const context = openContext("backup", change(await stackInput(stack)), new Date());
  try {
    return await work(context);
  } finally {
    await context.host.close();
  }
}

const users = () =>
  look((context) =>
    withClient(context.connect("readonly"), async (client) =>
      (await client.query<{ email: string }>("SELECT email FROM users")).rows.map(({ email }) => email),
    ),
  );

const nothingChanges = async () => {
  const again = await rehearsal.pulumi.capture("preview", "--color", "never", "--expect-no-changes");
  expect(again.exitCode, again.output).toBe(0);
};

test("a snapshot comes back as the stack's database: rows, roles, files and release, with what was there kept aside", async () => {
  const before = await stackInput(stack);
  const reason = "the lead: the gate's own test proves snapshots";
  const unproved = ({ settings, ...input }: StepInput): StepInput => ({
    ...input,
    settings: { ...settings, schemaVersion: 2, backup: { ...settings.backup, proof: "none", reason } },
  });
  // It was full once, and RDS let it grow.
  const grown = { DBInstanceIdentifier: before.database.identifier, AllocatedStorage: 25, ApplyImmediately: true };
  await rds().send(new ModifyDBInstanceCommand(grown));
  await look((context) => backup(context), unproved);
  const [snapshot] = await stackSnapshots(rds(), owner);
  if (snapshot === undefined) throw new Error("no snapshot was made");
  await look(async (context) => {
    await withClient(context.connect("owner"), (client) =>
      client.query("INSERT INTO users (email, password_hash) VALUES ('late@example.test', 'x')"),
    );
    await context.host.run("writing a file", `echo late > ${late}`);
  });

  const foreign = { instance: before.database.identifier, id: "of-another-library" };
  await beginSnapshot(rds(), { ...foreign, owner: { ...owner, application: "other-library" }, tags: {} });
  await awaitSnapshot(rds(), foreign.id);
  const wanted = { stack, snapshot: foreign.id, confirm: async () => true };
  await expect(restore(wanted)).rejects.toThrow(
    `${foreign.id} is a snapshot of the stack ${stack} of other-library; nothing has changed`,
  );
  await deleteSnapshot(rds(), foreign.id);

  let asked = "";
  const options = { stack, snapshot: snapshot.id, configFile: rehearsal.pulumi.options.configFile };
  await expect(restore({ ...options, confirm: async () => false })).rejects.toThrow(
    "not restored; nothing has changed",
  );
  await restore({ ...options, confirm: async (question) => ((asked = question), true) });

  expect(asked).toMatch(/Lost is what was written in the last \d+ s \(.*users: 1 made.*\)/);
  const after = await stackInput(stack);
  expect(after.database.identifier).toBe(`${before.database.identifier}-r1`);
  expect(after.database.address).not.toBe(before.database.address);
  expect(await users()).not.toContain("late@example.test");
  expect(await look((context) => withClient(context.connect("owner"), schemaVersion))).toBe(1);
  expect(
    await look((context) => context.host.run("looking for the file", `test -e ${late} && echo there || echo gone`)),
  ).toBe("gone");
  expect(await servingRelease(rehearsal)).toBe("v1.1.0");
  expect((await stackSnapshots(rds(), owner)).map(({ tags }) => tags.purpose)).toContain("before-restore");
  const { DBInstances = [] } = await rds().send(new DescribeDBInstancesCommand({}));
  const restored = DBInstances.find(({ DBInstanceIdentifier }) => DBInstanceIdentifier === after.database.identifier);
  expect([restored?.AllocatedStorage, after.settings.database.storageGiB]).toEqual([25, 25]);
  expect(restored?.EngineVersion).toBe(after.settings.database.engineVersion);
  expect(
    DBInstances.map(({ DBInstanceIdentifier, DeletionProtection }) => [
      DBInstanceIdentifier,
      DeletionProtection,
    ]).sort(),
  ).toEqual([
    [before.database.identifier, true],
    [after.database.identifier, true],
  ]);
});

test("a version and a size that RDS would refuse are refused by the preview, both at once", async () => {
  const { pulumi } = rehearsal;
  const { engineVersion, storageGiB } = (await stackInput(stack)).settings.database;
  try {
    await pulumi.setConfig("database.engineVersion", "18.1");
    await pulumi.setConfig("database.storageGiB", "20");
    const preview = await pulumi.capture("preview", "--color", "never");
    expect(preview.exitCode).not.toBe(0);
    expect(preview.output).toContain("2 settings are wrong; nothing has changed");
    expect(preview.output).toContain("database.engineVersion must stay a version of PostgreSQL 17");
    expect(preview.output).toContain("database.storageGiB must be at least the 25 GiB that the database has");
  } finally {
    await pulumi.setConfig("database.engineVersion", engineVersion);
    await pulumi.setConfig("database.storageGiB", String(storageGiB));
  }
});

test("the next deployment finds nothing to change in it, and the instance that was kept goes as the runbook says", async () => {
  await nothingChanges();
  const kept = { DBInstanceIdentifier: `prompt-library-${stack}` };
  await expect(rds().send(new DeleteDBInstanceCommand({ ...kept, SkipFinalSnapshot: true }))).rejects.toThrow(
    /[Pp]rotect/,
  );
  await rds().send(new ModifyDBInstanceCommand({ ...kept, DeletionProtection: false, ApplyImmediately: true }));
  await rds().send(new DeleteDBInstanceCommand({ ...kept, SkipFinalSnapshot: true }));
  expect(await servingRelease(rehearsal)).toBe("v1.1.0");
});

/** By `--replace`, as a host is that no longer starts; users ask all the while. */
async function replaceHost(): Promise<LoadResult & { before: StepInput; after: StepInput }> {
  const before = await stackInput(stack);
  const urn = `urn:pulumi:${stack}::prompt-library::prompt-library:infra:Host$aws:ec2/instance:Instance::prompt-library-${stack}-host-instance`;
  // As slowly as the application's own limit of requests allows for as long as a replacement takes on a busy machine.
  const load = await underLoad({ ...healthOf(before), perSecond: 3 }, async () => {
    const done = await rehearsal.pulumi.capture("up", "--yes", "--skip-preview", "--color", "never", "--replace", urn);
    expect(done.exitCode, done.output).toBe(0);
  });
  const after = await stackInput(stack);
  expect(after.host.id).not.toBe(before.host.id);
  expect(after.host.address).toBe(before.host.address);
  const { Reservations = [] } = await new EC2Client(asOwner).send(
    new DescribeInstancesCommand({ InstanceIds: [before.host.id] }),
  );
  expect(Reservations[0]?.Instances?.[0]?.State?.Name).toBe("terminated");
  await nothingChanges();
  return { ...load, before, after };
}

test("its host keeps its place when the SSH key changes", async () => {
  const { pulumi } = rehearsal;
  const directory = await mkdtemp(join(tmpdir(), "another-key-"));
  const { ssh } = (await stackInput(stack)).settings.keys;
  try {
    await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(directory, "key")]);
    await pulumi.setConfig("keys.ssh", (await readFile(join(directory, "key.pub"), "utf8")).trim());
    const preview = await pulumi.capture("preview", "--json", "--color", "never");
    const { steps } = JSON.parse(preview.output.slice(preview.output.indexOf("{"))) as {
      steps: { op: string; urn: string }[];
    };
    const opOf = (part: string) => steps.filter(({ urn }) => urn.includes(part)).map(({ op }) => op);
    // What stays as it is, is not listed.
    expect(opOf("aws:ec2/instance:Instance::")).toEqual([]);
    expect(opOf("aws:ec2/keyPair:KeyPair::")).toContain("replace");
  } finally {
    await pulumi.setConfig("keys.ssh", ssh);
    await rm(directory, { recursive: true, force: true });
  }
});

test("its host is replaced under load: users stay with the old one until the volume moves, and meet the new one once it serves", async () => {
  const files = "/srv/prompt-library/shared/interface/backend/data";
  const lookAt = `cd ${files} && find . -type f -exec sha256sum {} + | sort; stat -c '%U %a' . kept.json; blkid -o value -s UUID $(findmnt -no SOURCE -T .)`;
  const written = await onHost(
    await stackInput(stack),
    `cd ${files} && head -c 1000000 /dev/urandom > kept.json && chown prompt-library:prompt-library kept.json && chmod 0600 kept.json && ${lookAt}`,
  );
  const { before, after, failed, failedAtMs, byRelease, longestGapMs } = await replaceHost();
  expect(await onHost(after, lookAt)).toBe(written);
  expect(after.dataVolume).toEqual(before.dataVolume);
  expect(await servingRelease(rehearsal)).toBe("v1.1.0");
  // One stretch without answers, while the volume has no host that serves; nothing but the release answers before and after it.
  log(`no answer for ${longestGapMs} ms while the volume moved`);
  const stretch = Math.max(...failedAtMs) - Math.min(...failedAtMs);
  expect(stretch, failed.slice(0, 5).join("\n")).toBeLessThanOrEqual(longestGapMs);
  expect(Object.keys(byRelease)).toEqual(["v1.1.0"]);
});

test("the stack refuses to go; with protection off it goes the documented way and leaves nothing", async () => {
  const { pulumi } = rehearsal;
  const standing = await inTheCloud();
  expect(standing.map((one) => one.replace(/ .*|-[0-9a-f]{7}$/, ""))).toEqual([
    "instance",
    `prompt-library-${stack}-r1`,
    `prompt-library-${stack}-artifacts-bucket`,
  ]);

  const refused = await pulumi.capture("destroy", "--yes", "--skip-preview", "--run-program", "--color", "never");
  expect(refused.exitCode).not.toBe(0);
  expect(refused.output).toMatch(/because it is protected/);
  expect(await inTheCloud()).toEqual(standing);
  expect(await inTheCloud()).toEqual(standing);
  expect(await servingRelease(rehearsal)).toBe("v1.1.0");

  await pulumi.setConfig("protection", "false");
  const opened = await pulumi.capture("up", "--yes", "--skip-preview", "--color", "never");
  expect(opened.exitCode, opened.output).toBe(0);
  // Without files a host has nothing that another one would wait for.
  await pulumi.capture("config", "rm", "--path", "app.sharedDirectories");
  const { asked, failed, byRelease } = await replaceHost();
  expect(failed).toEqual([]);
  expect(byRelease).toEqual({ "v1.1.0": asked });

  const gone = await pulumi.capture("destroy", "--yes", "--skip-preview", "--run-program", "--color", "never");
  expect(gone.exitCode, gone.output).toBe(0);

  expect(await inTheCloud()).toEqual([]);
  const { resources } = await readStackState(stack);
  expect(resources.map(({ type }) => type).filter((type) => /^(aws|command|postgresql):/.test(type))).toEqual([]);
});

/** Needed on other days than these: what then. */
const notInThisLife: Record<string, string> = {
  "backup:DeleteRecoveryPoint": "a vault that holds recovery points is deleted",
  "backup:UpdateBackupPlan": "backup.schedule or backup.scheduledKeepDays changes",
  "ec2:DeleteSnapshot": "a snapshot of the data volume is pruned (backup.keepDays)",
  "ec2:DeleteTags": "a tag goes with a newer version of this program",
  "ec2:DisassociateAddress": "the stack ends after a refresh has seen its address with the host",
  "ec2:ModifyVolume": "host.dataVolumeGiB or host.rootVolumeGiB grows",
  "ec2:StartInstances": "app.sharedDirectories names none any more",
  "iam:UpdateAssumeRolePolicy": "a role's trust changes with a newer version of this program",
  "rds:DeleteDBSnapshot": "a snapshot is pruned (backup.keepDays, backup.keepSnapshots)",
  "rds:RemoveTagsFromResource": "a tag goes with a newer version of this program",
  "rds:StartDBInstance": "npm run diagnose -- STACK --start-database",
};

/** Whether the provider looks once or waits and looks again depends on how fast the cloud is: what only reads may go unused. */
const readsOnly = (action: string) => /:(Describe|Get|List)/.test(action);

test("a whole life needs just what docs/aws-permissions.json allows", async () => {
  const policy = JSON.parse(await readFile("docs/aws-permissions.json", "utf8")) as Policy;
  const { operator, host } = await permissionRecord(rehearsal.cloud);
  const others = Object.keys(notInThisLife);
  expect(operator?.allowed.filter((action) => others.includes(action))).toEqual([]);
  const reads = documentedActions(policy).filter(readsOnly);
  const allowed = new Set([...(operator?.allowed ?? []), ...others, ...reads]);
  expect({ ...operator, allowed: [...allowed].sort() }).toEqual({
    allowed: documentedActions(policy),
    // Asked by the provider with an image's id, which never succeeds.
    denied: ["ec2:GetInstanceUefiData"],
  });
  expect(host).toEqual({ allowed: ["s3:GetObject"], denied: [] });
});
