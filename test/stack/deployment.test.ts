import { readFile } from "node:fs/promises";
import {
  DescribeDBInstancesCommand,
  RDSClient,
  StartDBInstanceCommand,
  StopDBInstanceCommand,
} from "@aws-sdk/client-rds";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readStackState } from "../../infra/cli/stack-state";
import { longestName } from "../../infra/settings/stack-name";
import { documentedActions, type Policy } from "../aws-permissions";
import { keys } from "../cloud/iam/principals";
import { Pulumi } from "../rehearsal/pulumi";
import type { Rehearsal } from "../rehearsal/rehearsal";
import { type ReturningVisitor, startVisitor } from "../returning-visitor";
import { asOwner, permissionRecord } from "./as-owner";
import { until } from "./cloud-fixture";
import {
  deploy,
  deployed,
  latestReport,
  resultOf,
  servingRelease,
  stack,
  testRehearsal,
  whileAsking,
} from "./deployed";
import { deployedInput, forgetRateLimit } from "./steps";

/** One deployment after the other, as a newcomer's rehearsal goes. */
let rehearsal: Rehearsal;
/** A user whose browser stays open over all of it, and the script of the release that it began with. */
let visitor: ReturningVisitor | undefined;
let firstScript: string;

beforeAll(async () => {
  rehearsal = await testRehearsal();
});

afterAll(async () => {
  await visitor?.leave();
  await deployed("v1.1.0", 1);
});

/** What the visitor's page runs, and whether its browser had kept it. */
async function scriptSeen(): Promise<{ script: string; wasKept: boolean }> {
  const { address } = (await deployedInput(rehearsal)).host;
  const { network, keys } = (await deployedInput(rehearsal)).settings;
  visitor ??= await startVisitor({ publicName: network.publicName, address, certificate: keys.tlsCertificate });
  const { files } = await visitor.visit("/login");
  const [[script, bytes] = ["none", 0]] = Object.entries(files).filter(([path]) => path.endsWith(".js"));
  return { script, wasKept: bytes === 0 };
}

/** Runs Pulumi with the key of someone who may preview and nothing else. */
function previewAsAllowed(...args: string[]): Promise<{ exitCode: number; output: string }> {
  const { options } = rehearsal.pulumi;
  const environment = { ...options.environment, AWS_ACCESS_KEY_ID: keys.preview };
  return new Pulumi({ ...options, environment }).capture(...args);
}

describe("from a bare machine to the next release and back", () => {
  test("a preview works before anything was deployed", async () => {
    const { exitCode, output } = await previewAsAllowed("preview", "--color", "never");
    expect(output).toMatch(/to create|unchanged/);
    expect(exitCode).toBe(0);
  });

  test("v1.1.0 at schema 1 comes up, verified", async () => {
    const { exitCode } = await deploy(rehearsal, "v1.1.0", 1);
    expect(exitCode).toBe(0);
    expect(await servingRelease(rehearsal)).toBe("v1.1.0");
    expect((await latestReport()).boxes.filter((box) => box.result === "failed")).toEqual([]);
    const { script } = await scriptSeen();
    firstScript = script;
    expect(await scriptSeen()).toEqual({ script, wasKept: true });
  });

  test("the same again changes nothing, nor does a preview", async () => {
    const again = await deploy(rehearsal, "v1.1.0", 1);
    expect(again.exitCode).toBe(0);
    expect(again.output).not.toMatch(/\d+ (created|updated|replaced|deleted|to create|to update|to replace)/);
    const preview = await rehearsal.pulumi.capture("preview", "--color", "never", "--expect-no-changes");
    expect(preview.exitCode).toBe(0);
  });

  test("each name leaves room for the longest names of application and stack that are accepted", async () => {
    const limits: Record<string, [key: string, characters: number]> = {
      "aws:s3/bucket:Bucket": ["bucket", 63],
      "aws:iam/role:Role": ["name", 64],
      "aws:backup/vault:Vault": ["name", 50],
      "aws:backup/plan:Plan": ["name", 50],
      "aws:cloudwatch/eventRule:EventRule": ["name", 64],
      // After 99 restores.
      "aws:rds/instance:Instance": ["identifier", 63 - "-r99".length],
    };
    const longer = longestName - `prompt-library-${stack}`.length;
    const named = (await readStackState(stack)).resources.filter(({ type }) => type in limits);
    expect(new Set(named.map(({ type }) => type)).size).toBe(Object.keys(limits).length);
    for (const { type, outputs } of named) {
      const [key = "", characters = 0] = limits[type] ?? [];
      expect([type, String(outputs?.[key]).length + longer <= characters]).toEqual([type, true]);
    }
  });

  test("a preview needs no database: it shows the same with the database stopped", async () => {
    const rds = new RDSClient(asOwner);
    const database = { DBInstanceIdentifier: `prompt-library-${stack}` };
    await rds.send(new StopDBInstanceCommand(database));
    try {
      const preview = await previewAsAllowed("preview", "--color", "never", "--expect-no-changes");
      expect(preview.exitCode, preview.output).toBe(0);
    } finally {
      await rds.send(new StartDBInstanceCommand(database));
      await until("the database being available", 60_000, async () => {
        const { DBInstances } = await rds.send(new DescribeDBInstancesCommand(database));
        return DBInstances?.[0]?.DBInstanceStatus === "available";
      });
    }
  });

  test("previews need just what docs/aws-permissions-preview.json allows", async () => {
    const policy = JSON.parse(await readFile("docs/aws-permissions-preview.json", "utf8")) as Policy;
    const { preview } = await permissionRecord(rehearsal.cloud);
    // The provider asks for an image's UEFI data, by the image's id, and continues without.
    expect(preview).toEqual({ allowed: documentedActions(policy), denied: ["ec2:GetInstanceUefiData"] });
  });

  test("v1.2.0 at schema 2 takes over", async () => {
    expect((await deploy(rehearsal, "v1.2.0", 2)).exitCode).toBe(0);
    expect(await servingRelease(rehearsal)).toBe("v1.2.0");
    const { script } = await scriptSeen();
    expect(script).toMatch(/^\/assets\/.+\.js$/);
    expect(script).not.toBe(firstScript);
    const report = await latestReport();
    expect(report.boxes.filter((box) => box.result === "failed")).toEqual([]);
    for (const id of [
      "MIG-2.1",
      "MIG-3.1",
      "APP-2.2",
      "APP-3.1",
      "FUN-1.3",
      "PER-2.1",
      "SEC-1.2",
      "SEC-2.1",
      "WEB-1.4",
      "PRE-2.1",
      "PRE-3.1",
      "PRE-3.3",
      "PRE-4.4",
      "PRE-4.5",
    ])
      expect([id, resultOf(report, id)]).toEqual([id, "passed"]);
  });

  const broken: [string, string, RegExp, RegExp][] = [
    ["v1.2.0-exits", "stage", /ended by itself/, /journal: /],
    ["v1.2.0-hangs", "stage", /health did not answer 200 within 30 s/, /journal: /],
    ["v1.2.0-leaky-admin", "verify", /SEC-1\.3: .* answered 200; expected 401 or 403/, /journal: /],
  ];
  test.each(broken)(
    "%s is refused in %s, and the old release serves throughout",
    async (release, phase, reason, journal) => {
      await forgetRateLimit(await deployedInput(rehearsal));
      const { asked, wrong } = await whileAsking(rehearsal, ["v1.2.0"], async () => {
        const failed = await deploy(rehearsal, release, 2);
        expect(failed.exitCode).not.toBe(0);
        expect(failed.output).toMatch(reason);
        expect(failed.output).toMatch(journal);
        expect((await latestReport()).timeline.find((entry) => entry.phase === phase)).toMatchObject({
          outcome: "failed",
        });
      });
      expect(wrong).toEqual([]);
      expect(asked).toBeGreaterThan(5);
    },
  );

  test("trying a broken release again fails the same way; the prior config makes all of it good", async () => {
    await forgetRateLimit(await deployedInput(rehearsal));
    const again = await deploy(rehearsal, "v1.2.0-leaky-admin", 2);
    expect(again.exitCode).not.toBe(0);
    expect(again.output).toMatch(/SEC-1\.3/);
    expect((await deploy(rehearsal, "v1.2.0", 2)).exitCode).toBe(0);
    expect(await servingRelease(rehearsal)).toBe("v1.2.0");
    expect((await latestReport()).state).toBe("good");
  });

  test("v1.1.0 at schema 1 again: back without a stop, the schema after the older release serves", async () => {
    expect((await deploy(rehearsal, "v1.1.0", 1)).exitCode).toBe(0);
    expect(await servingRelease(rehearsal)).toBe("v1.1.0");
    expect(await scriptSeen()).toEqual({ script: firstScript, wasKept: true });
    const report = await latestReport();
    for (const id of ["RBK-1", "RBK-2", "RBK-3"]) expect([id, resultOf(report, id)]).toEqual([id, "passed"]);
  });
});
