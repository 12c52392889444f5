import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import { asOwner } from "./as-owner";
import { deployed, servingRelease, stack } from "./deployed";
import { deployedInput, onHost } from "./steps";

const files = "/srv/prompt-library/shared/interface/backend/data";

test("a host that is replaced takes over the address, the data volume with every file on it, and the release", async () => {
  const rehearsal = await deployed("v1.1.0", 1);
  const before = await deployedInput(rehearsal);
  const look = `cd ${files} && find . -type f -exec sha256sum {} + | sort; stat -c '%U %a' . kept.json; blkid -o value -s UUID $(findmnt -no SOURCE -T .)`;
  const written = await onHost(
    before,
    `cd ${files} && head -c 1000000 /dev/urandom > kept.json && chown prompt-library:prompt-library kept.json && chmod 0600 kept.json && ${look}`,
  );

  const host = `urn:pulumi:${stack}::prompt-library::prompt-library:infra:Host$aws:ec2/instance:Instance::prompt-library-${stack}-host-instance`;
  const done = await rehearsal.pulumi.capture("up", "--yes", "--skip-preview", "--color", "never", "--replace", host);
  expect(done.exitCode, done.output).toBe(0);

  const after = await deployedInput(rehearsal);
  expect(after.host.id).not.toBe(before.host.id);
  expect(after.host.address).toBe(before.host.address);
  expect(after.dataVolume).toEqual(before.dataVolume);
  expect(await onHost(after, look)).toBe(written);
  expect(await servingRelease(rehearsal)).toBe("v1.1.0");
  const { Reservations = [] } = await new EC2Client(asOwner).send(
    new DescribeInstancesCommand({ InstanceIds: [before.host.id] }),
  );
  expect(Reservations[0]?.Instances?.[0]?.State?.Name).toBe("terminated");
  const again = await rehearsal.pulumi.capture("preview", "--color", "never", "--expect-no-changes");
  expect(again.exitCode, again.output).toBe(0);
});
