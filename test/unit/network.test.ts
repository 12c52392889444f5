import * as pulumi from "@pulumi/pulumi";
import { beforeAll, expect, test } from "vitest";
import { Network } from "../../infra/stack/network";

const made: { type: string; name: string; inputs: Record<string, unknown> }[] = [];

beforeAll(async () => {
  await pulumi.runtime.setMocks({
    newResource: async ({ type, name, inputs }) => {
      made.push({ type, name, inputs: inputs as Record<string, unknown> });
      return { id: `${name}-id`, state: inputs as object };
    },
    call: () => ({ names: ["one", "two"] }),
  });
  new Network("x", { cidrBlock: "10.0.0.0/16", sshFrom: ["192.0.2.0/24"], httpsFrom: ["0.0.0.0/0"] });
  await pulumi.runtime.disconnect();
});

test("the network's default group lets nothing pass", () => {
  const [group, ...more] = made.filter(({ type }) => type.endsWith(":DefaultSecurityGroup"));
  expect(group?.inputs).toMatchObject({ vpcId: "x-vpc-id" });
  expect([group?.inputs.ingress ?? [], group?.inputs.egress ?? [], more]).toEqual([[], [], []]);
});

test("each rule of a security group says whom it is for", () => {
  const rules = made.filter(({ type }) => /SecurityGroup(In|E)gressRule$/.test(type));
  expect(rules.length).toBeGreaterThan(4);
  expect(rules.filter(({ inputs }) => !inputs.description).map(({ name }) => name)).toEqual([]);
});
