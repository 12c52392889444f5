import { DescribeInstancesCommand, DescribeVolumesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readStackState } from "../../infra/cli/stack-state";
import type { StepInput } from "../../infra/context/input";
import type { Rehearsal } from "../rehearsal/rehearsal";
import { until } from "./cloud-fixture";
import { deploy, deployed, log, servingRelease, stack } from "./deployed";
import { deployedInput, onHost } from "./steps";

let rehearsal: Rehearsal;
let input: StepInput;

beforeAll(async () => {
  rehearsal = await deployed("v1.1.0", 1);
  input = await deployedInput(rehearsal);
});

afterAll(async () => {
  await rehearsal.pulumi.setConfig("app.sharedDirectories[0]", "interface/backend/data");
  await deployed("v1.1.0", 1);
});

test("a host that is replaced gets the serving release from the bucket, without a build, and the ledger of the one before", async () => {
  const before = await onHost(input, "cat /var/lib/prompt-library/ledger.jsonl");
  const instance = (await readStackState(stack)).resources.find(({ type }) => type === "aws:ec2/instance:Instance");
  const done = await rehearsal.pulumi.capture(
    "up",
    "--yes",
    "--skip-preview",
    "--color",
    "never",
    "--replace",
    instance?.urn ?? "",
  );
  log(done.output.split("\n").slice(-60).join("\n"));
  expect(done.exitCode, done.output).toBe(0);
  const old = input.host.id;
  input = await deployedInput(rehearsal);
  expect(input.host.id).not.toBe(old);
  expect(await servingRelease(rehearsal)).toBe("v1.1.0");
  expect(done.output).toContain("this host has no ledger: taking up the copy in the stack's bucket");
  expect(done.output).not.toMatch(/built in \d/);
  expect(await onHost(input, "jq -r .details.artifact.source /var/lib/prompt-library/evidence/stage.json")).toBe(
    "bucket",
  );
  expect((await onHost(input, "cat /var/lib/prompt-library/ledger.jsonl")).startsWith(`${before}\n`)).toBe(true);
});

test("a config that names no shared directory any more takes the data volume away, and the host serves again", async () => {
  const ec2 = new EC2Client({});
  const volume = input.dataVolume?.id ?? "";
  const removed = await rehearsal.pulumi.capture("config", "rm", "--path", "app.sharedDirectories");
  expect(removed.exitCode, removed.output).toBe(0);
  const done = await deploy(rehearsal, "v1.1.0", 1);
  expect(done.exitCode, done.output).toBe(0);
  await until("the release serving again", 60_000, async () => (await servingRelease(rehearsal)) === "v1.1.0");
  const [instance] =
    (await ec2.send(new DescribeInstancesCommand({ InstanceIds: [input.host.id] }))).Reservations?.[0]?.Instances ?? [];
  expect(instance?.State?.Name).toBe("running");
  expect((await ec2.send(new DescribeVolumesCommand({}))).Volumes?.map(({ VolumeId }) => VolumeId)).not.toContain(
    volume,
  );
  expect(
    await onHost(
      input,
      "findmnt -n /srv/prompt-library/shared || true; systemctl list-units --no-legend --state=active 'prompt-library-backend@*' | wc -l",
    ),
  ).toBe("1");
  const again = await deploy(rehearsal, "v1.1.0", 1);
  expect(again.exitCode, again.output).toBe(0);
  expect(again.output).not.toMatch(/replaced|created|deleted/);
});
