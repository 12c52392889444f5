import { DescribeInstancesCommand, DescribeVolumesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readStackState } from "../../infra/cli/stack-state";
import type { StepInput } from "../../infra/context/input";
import type { Rehearsal } from "../rehearsal/rehearsal";
import { asOwner } from "./as-owner";
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

test("the host's role fetches artifacts, and that is all it may", async () => {
  const { bucket } = input;
  const { region } = input.settings.target;
  const found = await new S3Client({ ...asOwner, forcePathStyle: true }).send(
    new ListObjectsV2Command({ Bucket: bucket, Prefix: "artifacts/" }),
  );
  const artifact = found.Contents?.find(({ Key }) => Key?.endsWith(".tar.gz"))?.Key ?? "";
  const ask = (method: string, path: string, service = "s3", data = "") =>
    `curl -s -o /dev/null -w '%{http_code}\\n' --config "$role" --aws-sigv4 aws:amz:${region}:${service} -X ${method} ` +
    `-H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' ${data === "" ? "" : `--data '${data}' `}"$endpoint${path}"`;
  const answers = await onHost(
    input,
    `endpoint=$(sed -n 's/^AWS_ENDPOINT_URL=//p' /etc/environment)
role=$(mktemp); trap 'rm -f "$role"' EXIT
metadata=http://169.254.169.254/latest
token=$(curl -sS -f -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' $metadata/api/token)
look() { curl -sS -f -H "X-aws-ec2-metadata-token: $token" "$metadata/meta-data/iam/security-credentials/$1"; }
look "$(look '')" | jq -r '"user = \\"\\(.AccessKeyId):\\(.SecretAccessKey)\\"\\nheader = \\"x-amz-security-token: \\(.Token)\\""' > "$role"
${[
  ask("GET", `/${bucket}/${artifact}`),
  ask("GET", `/${bucket}/locks/${stack}.json`),
  ask("GET", `/${bucket}/ledgers/${stack}.jsonl`),
  ask("GET", `/${bucket}?list-type=2`),
  ask("PUT", `/${bucket}/${artifact}`, "s3", "other"),
  ask("DELETE", `/${bucket}/${artifact}`),
  ask("POST", "/", "ec2", "Action=DescribeInstances&Version=2016-11-15"),
  ask("POST", "/", "iam", "Action=ListRoles&Version=2010-05-08"),
].join("\n")}
curl -s -o /dev/null -w '%{http_code}\\n' "$endpoint/${bucket}/${artifact}"`,
  );
  expect(answers.trim().split("\n")).toEqual(["200", ...Array(8).fill("403")]);
});

test("a config that names no shared directory any more takes the data volume away, and the host serves again", async () => {
  const ec2 = new EC2Client(asOwner);
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
