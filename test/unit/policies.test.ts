import { runSimulation } from "@cloud-copilot/iam-simulate";
import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, test } from "vitest";
import { Artifacts } from "../../infra/stack/artifacts";
import { Notifications } from "../../infra/stack/notifications";
import { bucketPolicy, serviceTrust, topicPolicy } from "../../infra/stack/policies";

const account = "111122223333";
const bucket = "arn:aws:s3:::prompt-library-x-artifacts-bucket-1";
const topic = `arn:aws:sns:eu-central-1:${account}:prompt-library-x`;
const host = `arn:aws:sts::${account}:assumed-role/prompt-library-x-host-role-1/host`;

type Asked = { principal: string; action: string; resource: string; context: Record<string, string> };

/** Of one whose own policy allows everything: what is denied is denied by the thing's policy, and a service has no policy of its own. */
async function decide(resourcePolicy: object, { principal, action, resource, context }: Asked): Promise<string> {
  const everything = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] };
  const result = await runSimulation(
    {
      request: { principal, action, resource: { resource, accountId: account }, contextVariables: context },
      identityPolicies: principal.endsWith("amazonaws.com") ? [] : [{ name: "everything", policy: everything }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      resourcePolicy,
    },
    {},
  );
  return result.resultType === "error" ? JSON.stringify(result.errors) : result.overallResult;
}

describe("the bucket", () => {
  test.each([
    ["in the clear", { "aws:SecureTransport": "false" }, "ExplicitlyDenied"],
    ["over TLS 1.1", { "aws:SecureTransport": "true", "s3:TlsVersion": "1.1" }, "ExplicitlyDenied"],
    ["over TLS 1.2", { "aws:SecureTransport": "true", "s3:TlsVersion": "1.2" }, "Allowed"],
    ["over TLS 1.3", { "aws:SecureTransport": "true", "s3:TlsVersion": "1.3" }, "Allowed"],
  ])("answers %s as it should", async (_, context, expected) => {
    for (const [action, resource] of [
      ["s3:GetObject", `${bucket}/artifacts/x.tar.gz`],
      ["s3:ListBucket", bucket],
    ] as const)
      expect(await decide(bucketPolicy(bucket), { principal: host, action, resource, context })).toBe(expected);
  });
});

describe("the topic", () => {
  const publish = (principal: string, context: Record<string, string>) =>
    decide(topicPolicy(topic, account), { principal, action: "sns:Publish", resource: topic, context });

  test.each([
    ["this account", account, "Allowed"],
    ["another account", "999999999999", "ImplicitlyDenied"],
  ])("hears alarms and RDS's events of %s as it should", async (_, source, expected) => {
    const context = { "aws:SecureTransport": "true", "aws:SourceAccount": source };
    for (const service of ["cloudwatch.amazonaws.com", "events.rds.amazonaws.com"])
      expect(await publish(service, context)).toBe(expected);
  });

  test("refuses a message in the clear", async () => {
    expect(await publish(host, { "aws:SecureTransport": "false" })).toBe("ExplicitlyDenied");
  });
});

describe("a service's role", () => {
  test.each([
    ["this account", "backup.amazonaws.com", { "aws:SourceAccount": account }, "Allowed"],
    ["another account", "backup.amazonaws.com", { "aws:SourceAccount": "999999999999" }, "ImplicitlyDenied"],
    ["whom it does not say", "backup.amazonaws.com", {}, "Allowed"],
    ["this account, by another service", "lambda.amazonaws.com", { "aws:SourceAccount": account }, "ImplicitlyDenied"],
  ])("is taken for %s as it should be", async (_, principal, context, expected) => {
    const resource = `arn:aws:iam::${account}:role/prompt-library-x-backups-role-1`;
    const asked = { principal, action: "sts:AssumeRole", resource, context };
    expect(await decide(serviceTrust("backup.amazonaws.com", account), asked)).toBe(expected);
  });

  test.each([
    ["this account", { "aws:SourceAccount": account }, "Allowed"],
    ["another account", { "aws:SourceAccount": "999999999999" }, "ImplicitlyDenied"],
    ["whom it does not say", {}, "ImplicitlyDenied"],
  ])("that writes flow logs is taken for %s as it should be", async (_, context, expected) => {
    const principal = "vpc-flow-logs.amazonaws.com";
    const resource = `arn:aws:iam::${account}:role/prompt-library-x-flows-role-1`;
    expect(
      await decide(serviceTrust(principal, account), { principal, action: "sts:AssumeRole", resource, context }),
    ).toBe(expected);
  });
});

describe("what the program makes", () => {
  const made = new Map<string, Record<string, unknown>>();

  beforeAll(async () => {
    await pulumi.runtime.setMocks({
      newResource: async ({ type, inputs }) => {
        made.set(type, inputs as Record<string, unknown>);
        return { id: `${type}-id`, state: { ...(inputs as object), arn: type.includes("s3") ? bucket : topic } };
      },
      call: () => ({}),
    });
    new Artifacts("artifacts", { isProtected: true });
    new Notifications("notifications", { account, emails: {} });
    await pulumi.runtime.disconnect();
  });

  test("the bucket is private, owned by the account, and reached over TLS only", () => {
    expect(made.get("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")).toMatchObject({
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    expect(made.get("aws:s3/bucketOwnershipControls:BucketOwnershipControls")).toMatchObject({
      rule: { objectOwnership: "BucketOwnerEnforced" },
    });
    expect(made.get("aws:s3/bucketPolicy:BucketPolicy")).toMatchObject({
      policy: JSON.stringify(bucketPolicy(bucket)),
    });
  });

  test("old versions of locks and removed artifacts expire, those of reports and ledgers never", () => {
    const { rules } = made.get("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration") as {
      rules: {
        filter: { prefix?: string };
        noncurrentVersionExpiration?: { noncurrentDays: number };
        expiration?: object;
      }[];
    };
    const days = (key: string) =>
      rules.flatMap(({ filter, noncurrentVersionExpiration: expires }) =>
        expires !== undefined && key.startsWith(filter.prefix ?? "") ? [expires.noncurrentDays] : [],
      );
    expect(days("locks/x.json")).toEqual([1]);
    expect(days("artifacts/x.tar.gz")).toEqual([30]);
    expect(days("reports/x/1.json")).toEqual([]);
    expect(days("ledgers/x.jsonl")).toEqual([]);
    // What is not old stays.
    expect(rules.flatMap(({ expiration }) => Object.keys(expiration ?? {}))).not.toContain("days");
  });

  test("the topic has its policy", () => {
    const policy = JSON.stringify(topicPolicy(topic, account));
    expect(made.get("aws:sns/topicPolicy:TopicPolicy")).toMatchObject({ policy });
  });
});
