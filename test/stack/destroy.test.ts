import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { DescribeDBInstancesCommand, RDSClient } from "@aws-sdk/client-rds";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { execa } from "execa";
import { expect, test } from "vitest";
import { deployed, servingRelease, stack } from "./deployed";

const region = { region: "us-east-1" };

/** What of the stack the cloud still has; a terminated instance is listed for a while. */
async function inTheCloud(): Promise<string[]> {
  const ec2 = await new EC2Client(region).send(new DescribeInstancesCommand({}));
  const instances = (ec2.Reservations ?? []).flatMap((reservation) => reservation.Instances ?? []);
  const databases = (await new RDSClient(region).send(new DescribeDBInstancesCommand({}))).DBInstances ?? [];
  const buckets = (await new S3Client({ ...region, forcePathStyle: true }).send(new ListBucketsCommand({}))).Buckets ?? [];
  return [
    ...instances
      .filter((instance) => instance.State?.Name !== "terminated" && (instance.Tags ?? []).some((tag) => tag.Value?.includes(stack)))
      .map((instance) => `instance ${instance.InstanceId}`),
    ...databases.map((database) => database.DBInstanceIdentifier ?? "").filter((name) => name.includes(stack)),
    ...buckets.map((bucket) => bucket.Name ?? "").filter((name) => name.includes(stack)),
  ];
}

test("a protected stack refuses to go; with protection off it goes the documented way and leaves nothing", async () => {
  const rehearsal = await deployed("v1.1.0", 1);
  const { pulumi, environment } = rehearsal;
  const standing = await inTheCloud();
  expect(standing.map((one) => one.replace(/ .*|-[0-9a-f]{7}$/, ""))).toEqual(["instance", `prompt-library-${stack}`, `prompt-library-${stack}-artifacts-bucket`]);

  await pulumi.setConfig("protection", "true");
  const guarded = await pulumi.capture("up", "--yes", "--skip-preview", "--color", "never");
  expect(guarded.exitCode, guarded.output).toBe(0);
  const refused = await pulumi.capture("destroy", "--yes", "--skip-preview", "--run-program", "--color", "never");
  expect(refused.exitCode).not.toBe(0);
  expect(refused.output).toMatch(/because it is protected/);
  expect(await inTheCloud()).toEqual(standing);
  expect(await servingRelease(rehearsal)).toBe("v1.1.0");

  await pulumi.setConfig("protection", "false");
  const opened = await pulumi.capture("up", "--yes", "--skip-preview", "--color", "never");
  expect(opened.exitCode, opened.output).toBe(0);
  const gone = await pulumi.capture("destroy", "--yes", "--skip-preview", "--run-program", "--color", "never");
  expect(gone.exitCode, gone.output).toBe(0);

  expect(await inTheCloud()).toEqual([]);
  const left = await execa("pulumi", ["stack", "export", "--stack", pulumi.options.stack], { env: environment });
  expect(left.stdout).not.toMatch(/"type": "(aws|command|postgresql):/);
});
