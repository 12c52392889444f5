import { spawn } from "node:child_process";
import { once } from "node:events";
import { CreateVolumeCommand, EC2Client } from "@aws-sdk/client-ec2";
import { RDSClient } from "@aws-sdk/client-rds";
import { DeleteObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { drill } from "../../infra/cli/drill";
import { pair } from "../../infra/cli/pair";
import { stackInput } from "../../infra/cli/stack-input";
import { openContext } from "../../infra/context/context";
import { withClient } from "../../infra/context/database-connection";
import { describeDatabase } from "../../infra/context/database-service";
import type { StepInput } from "../../infra/context/input";
import { ownerOf } from "../../infra/context/owner";
import type { StepContext, StepOutcome } from "../../infra/context/step";
import { findCopies, removeCopy, restoreCopy } from "../../infra/database/backup/copies";
import { type StackOwner, tagList } from "../../infra/database/backup/ownership";
import {
  awaitSnapshot,
  beginSnapshot,
  deleteSnapshot,
  pairSnapshots,
  stackSnapshots,
} from "../../infra/database/backup/snapshots";
import { findVolumeCopies, removeVolumeCopy } from "../../infra/database/backup/volumes";
import { schemaVersion } from "../../infra/database/migrations";
import { pairKey } from "../../infra/database/pair/report";
import { backup } from "../../infra/phases/backup/backup";
import { pruneSnapshots } from "../../infra/phases/backup/retention";
import { resolveRelease } from "../../infra/release/release";
import type { Rehearsal } from "../rehearsal/rehearsal";
import { asOwner } from "./as-owner";
import { until } from "./cloud-fixture";
import { deployed, stack } from "./deployed";
import { Listener } from "./listener";
import { runStep } from "./steps";

/** Some state that is files; no release of this stack reads it. */
const ofUsers = "/srv/prompt-library/shared/interface/backend/data/of-users.bin";

// The step alone against the deployed stack, as if schema 2 were asked for: it never changes the schema.
let rehearsal: Rehearsal;
let input: StepInput;
let owner: StackOwner;
let rds: RDSClient;
let ec2: EC2Client;

beforeAll(async () => {
  rehearsal = await deployed("v1.1.0", 1);
  const found = await stackInput(stack);
  input = { ...found, settings: { ...found.settings, schemaVersion: 2 } };
  owner = ownerOf(input);
  rds = new RDSClient(asOwner);
  ec2 = new EC2Client(asOwner);
  await onHost(`head -c 100000 /dev/urandom > ${ofUsers}`);
  // Whatever deployed on this stack before has left the snapshots of its own gate.
  await deleteSnapshots();
});

afterAll(async () => {
  if (input !== undefined) await onHost(`rm -f ${ofUsers}`);
});

afterEach(deleteSnapshots);

async function deleteSnapshots(): Promise<void> {
  for (const { id } of await stackSnapshots(rds, owner)) await deleteSnapshot(rds, id);
}

async function gate(
  of: StepInput = input,
): Promise<{ outcome: StepOutcome | undefined; error: string; context: StepContext }> {
  const context = openContext("backup", of, new Date());
  try {
    return { outcome: await backup(context), error: "", context };
  } catch (error) {
    return { outcome: undefined, error: error instanceof Error ? error.message : String(error), context };
  } finally {
    await context.host.close();
  }
}

async function onHost(script: string): Promise<string> {
  const { host } = openContext("backup", input, new Date());
  try {
    return await host.run("a test's own look", script);
  } finally {
    await host.close();
  }
}

/** Copies of database and data volume that are there, and what is left of one on the host. */
async function copiesLeft(): Promise<string[]> {
  return [
    ...(await findCopies(rds, owner)),
    ...(await findVolumeCopies(ec2, owner)),
    ...(await onHost("ls -d /run/*-data-copy 2>/dev/null || true")).split("\n").filter(Boolean),
  ];
}

const activeSince =
  "unit=prompt-library-backend@$(basename $(readlink /srv/prompt-library/current)); systemctl is-active $unit; systemctl show -p ActiveEnterTimestampMonotonic $unit";

const resultOf = ({ boxes }: StepContext, id: string) => boxes.find((box) => box.id === id)?.result;

/** What others in the account may have: another application's stack of this name, and this stack from before it was destroyed. */
const neighbours = (): StackOwner[] => [
  { ...owner, application: "other-library" },
  { ...owner, database: "db-OF-A-STACK-THAT-WAS-DESTROYED" },
];

describe("the backup gate", () => {
  test("neither removes nor prunes what belongs to another application's stack of the same name, or to an earlier database of this one", async () => {
    const { instance } = await describeDatabase(input);
    const volume = { AvailabilityZone: "us-east-1a", Size: 1 };
    const policy = { ...input.settings.backup, keepDays: 35, keepSnapshots: 1 };
    const context = openContext("backup", { ...input, settings: { ...input.settings, backup: policy } }, new Date());
    try {
      for (const [number, neighbour] of neighbours().entries()) {
        const id = `neighbours-${number}`;
        await beginSnapshot(rds, {
          instance: input.database.identifier,
          id,
          owner: neighbour,
          tags: { purpose: "before-migration" },
        });
        await awaitSnapshot(rds, id);
        await restoreCopy(rds, { of: instance, snapshot: id, owner: neighbour, instanceClass: undefined });
        const tags = tagList(neighbour, { purpose: "backup-proof" });
        await ec2.send(
          new CreateVolumeCommand({ ...volume, TagSpecifications: [{ ResourceType: "volume", Tags: tags }] }),
        );
      }
      expect(await copiesLeft()).toEqual([]);
      expect((await gate()).error).toBe("");
      const [own, ...others] = await stackSnapshots(rds, owner);
      expect([own?.provenAt, others]).toEqual([expect.any(Date), []]);
      const later = new Date(Date.now() + 36 * 86_400_000);
      expect(await pruneSnapshots(context, rds, later)).toMatch(/none pruned$/);
      for (const neighbour of neighbours()) {
        expect(await findCopies(rds, neighbour)).toHaveLength(1);
        expect(await findVolumeCopies(ec2, neighbour)).toHaveLength(1);
        expect(await stackSnapshots(rds, neighbour)).toHaveLength(1);
      }
    } finally {
      await context.host.close();
      for (const neighbour of neighbours()) {
        for (const copy of await findCopies(rds, neighbour)) await removeCopy(rds, copy);
        for (const copy of await findVolumeCopies(ec2, neighbour)) await removeVolumeCopy(ec2, copy);
        for (const { id } of await stackSnapshots(rds, neighbour)) await deleteSnapshot(rds, id);
      }
    }
  });

  test("proves its snapshot by a restored copy, which is gone afterwards", async () => {
    const { outcome, error, context } = await gate();
    expect(error).toBe("");
    expect(outcome?.summary).toMatch(/^snapshot prompt-library-spine-before-2-.* is proved/);
    for (const id of ["PRE-2.1", "PRE-2.2", "PRE-2.3", "PRE-2.4", "PRE-2.5", "POST-4.2"])
      expect([id, resultOf(context, id)]).toEqual([id, "passed"]);
    expect(context.details.proofSeconds).toMatchObject({
      restore: expect.any(Number),
      proof: expect.any(Number),
      removal: expect.any(Number),
    });
    expect(await copiesLeft()).toEqual([]);
    expect(context.boxes.find(({ id }) => id === "PRE-2.4")?.evidence).toMatch(
      /public.users: \d+ rows in \d+ ranges equal.*; data volume: [1-9]\d* files equal in snap-/,
    );
    const [snapshot] = await stackSnapshots(rds, owner);
    expect(snapshot?.provenAt).toBeInstanceOf(Date);
    expect(snapshot?.tags).toMatchObject({ "schema-version": "1", release: "v1.1.0" });

    await expect(drill({ stack })).rejects.toThrow(/no scheduled backup of prompt-library-spine.* is available yet/);
    // Written after the backup: a drill finds what is older, and says how old that is.
    await withClient(context.connect("owner"), (client) =>
      client.query("INSERT INTO users (email, password_hash) VALUES ('after-the-backup@example.test', 'x')"),
    );
    try {
      const report = await drill({ stack, snapshot: snapshot?.id ?? "" });
      expect(report).toMatchObject({ kind: "manual", problems: [] });
      expect(report.recoverySeconds).toBeGreaterThan(0);
      expect(report.lostSeconds).toBeGreaterThan(0);
      expect(report.tables.find(({ table }) => table === "public.users")?.equal).toBeGreaterThan(0);
      expect(await copiesLeft()).toEqual([]);
    } finally {
      await withClient(context.connect("owner"), (client) =>
        client.query("DELETE FROM users WHERE email = 'after-the-backup@example.test'"),
      );
    }
  });

  test("that fails removes the copy, keeps the snapshot, and never calls it proved", async () => {
    const { error, context } = await gate({
      ...input,
      settings: {
        ...input.settings,
        secrets: { ...input.settings.secrets, masterPassword: "not-the-masters-password" },
      },
    });
    expect(error).toMatch(
      /whether the backup is one could not be found out:[\s\S]*PRE-2\.2, [\w., -]+: restoring .* failed: .* rejected the password of deployment_master/,
    );
    expect(resultOf(context, "PRE-2.4")).toBe("failed");
    expect(await copiesLeft()).toEqual([]);
    expect((await stackSnapshots(rds, owner)).map(({ provenAt }) => provenAt)).toEqual([null]);
  });

  test("is asked for the pair's rehearsal, which a copy of its own makes: there, back and there again, in preflight's words", async () => {
    const { settings } = input;
    const next: StepInput = {
      ...input,
      release: await resolveRelease("v1.2.0", settings.app.repository),
      settings: { ...settings, release: "v1.2.0", backup: { ...settings.backup, pairRehearsal: "required" } },
    };
    const [from, to] = [
      { release: "v1.1.0", schemaVersion: 1 },
      { release: "v1.2.0", schemaVersion: 2 },
    ];
    await new S3Client({ ...asOwner, forcePathStyle: true }).send(
      new DeleteObjectCommand({ Bucket: input.bucket, Key: pairKey(from, to) }),
    );
    await expect(runStep("preflight", next)).rejects.toThrow(
      /PRE-3\.5: nobody has rehearsed this pair yet\. Remedy: npm run pair -- spine --release v1\.2\.0 --schema 2/,
    );

    const report = await pair({ stack, ...to, configFile: rehearsal.pulumi.options.configFile });
    expect(report).toMatchObject({ from, to, problems: [] });
    expect(report.steps.map((step) => [step.from, step.to])).toEqual([
      [1, 2],
      [2, 1],
      [1, 2],
    ]);
    expect(report.steps[0]?.fingerprint).toBe(report.steps[2]?.fingerprint);
    expect([...(await copiesLeft()), ...(await pairSnapshots(rds, owner))]).toEqual([]);

    const { context } = await runStep("preflight", next);
    expect(context.boxes.find(({ id }) => id === "PRE-3.5")).toMatchObject({
      result: "passed",
      evidence: expect.stringMatching(/^rehearsed at .* equal schema fingerprints, no row lost/) as string,
    });
  });

  test("killed while its copies are there leaves them; the next run removes them and proves another, with the writer still where two may not run", async () => {
    const step = spawn(process.execPath, ["--import", "tsx", "infra/phases/main.ts", "backup"], {
      stdio: ["pipe", "ignore", "ignore"],
      env: { ...process.env, NODE_NO_WARNINGS: "1" },
    });
    const ended = once(step, "close");
    try {
      step.stdin.end(JSON.stringify({ input, follows: "" }));
      await until("the volume's copy", 120_000, async () => (await findVolumeCopies(ec2, owner)).length > 0);
    } finally {
      step.kill("SIGKILL");
      await ended;
    }
    expect(await findCopies(rds, owner)).toHaveLength(1);
    const startedBefore = await onHost(activeSince);
    const { error } = await gate({
      ...input,
      settings: { ...input.settings, app: { ...input.settings.app, overlap: false } },
    });
    expect(error).toBe("");
    // It was stopped for a moment and runs again.
    expect(await onHost(activeSince)).not.toBe(startedBefore);
    expect(await copiesLeft()).toEqual([]);

    // Two snapshots now, of which one was proved: of those that are old enough, that one stays.
    const kept = await stackSnapshots(rds, owner);
    const [proven, other] = [
      kept.find(({ provenAt }) => provenAt !== null),
      kept.find(({ provenAt }) => provenAt === null),
    ];
    if (proven === undefined || other === undefined || kept.length !== 2)
      throw new Error(`not one proved and one not, but ${kept.map(({ id }) => id).join(", ")}`);
    const policy = { ...input.settings.backup, keepDays: 35, keepSnapshots: 1 };
    const context = openContext("backup", { ...input, settings: { ...input.settings, backup: policy } }, new Date());
    try {
      expect(await pruneSnapshots(context, rds)).toMatch(/none pruned$/);
      expect(await pruneSnapshots(context, rds, new Date(Date.now() + 36 * 86_400_000))).toMatch(
        new RegExp(`pruned: ${other.id}$`),
      );
    } finally {
      await context.host.close();
    }
    expect((await stackSnapshots(rds, owner)).map(({ id }) => id)).toEqual([proven.id]);
  });

  test("is not needed where the schema stays, and says so of each box", async () => {
    const { outcome, context } = await gate({ ...input, settings: { ...input.settings, schemaVersion: 1 } });
    expect(outcome?.outcome).toBe("nothing to do");
    expect(resultOf(context, "PRE-2.4")).toBe("not needed");
    expect(await stackSnapshots(rds, owner)).toEqual([]);
  });

  test("that nobody wants proved says who decided it, and restores nothing", async () => {
    const reason = "the lead: this stack holds nothing yet";
    const { context } = await gate({
      ...input,
      settings: { ...input.settings, backup: { ...input.settings.backup, proof: "none", reason } },
    });
    expect(context.boxes.find(({ id }) => id === "PRE-2.4")).toMatchObject({
      result: "not needed",
      reason: expect.stringContaining(reason),
    });
    expect((await stackSnapshots(rds, owner)).map(({ provenAt }) => provenAt)).toEqual([null]);
  });

  test("is not all: a scheduled backup that fails reaches the team", async () => {
    const { region, account } = input.settings.target;
    const listener = await Listener.to(input);
    try {
      const started = await fetch(`${process.env.AWS_ENDPOINT_URL}/backup-jobs`, {
        method: "PUT",
        headers: {
          authorization: `AWS4-HMAC-SHA256 Credential=${asOwner.credentials.accessKeyId}/20260101/${region}/backup/aws4_request`,
        },
        body: JSON.stringify({
          BackupVaultName: `prompt-library-${stack}-backups`,
          ResourceArn: `arn:aws:rds:${region}:${account}:db:${input.database.identifier}`,
          IamRoleArn: `arn:aws:iam::${account}:role/any`,
        }),
      });
      expect(started.status).toBe(200);
      const [told] = await until("the message", 20_000, async () => {
        const heard = await listener.heard();
        return heard.length > 0 && heard;
      });
      expect(told?.text).toContain(
        `The scheduled backup of arn:aws:rds:${region}:${account}:db:${input.database.identifier} is FAILED: the local cloud makes no scheduled backups. Runbook: docs/runbooks/alarms.md#scheduled-backup. On call: Rehearsal on call`,
      );
    } finally {
      await listener.end();
    }
  });

  test("has left the schema as it was", async () => {
    const context = openContext("backup", input, new Date());
    try {
      expect(await withClient(context.connect("owner"), schemaVersion)).toBe(1);
    } finally {
      await context.host.close();
    }
  });
});
