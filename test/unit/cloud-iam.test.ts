import { describe, expect, test } from "vitest";
import { type RawCall, readCall } from "../cloud/iam/call";
import { needsOf } from "../cloud/iam/needed";
import { RestOperations } from "../cloud/iam/operations";
import { botocoreDescriptions, motoServer } from "../toolchain/moto";

const operations = new RestOperations(await botocoreDescriptions(await motoServer()));

const read = (call: Partial<RawCall> & Pick<RawCall, "service">) =>
  readCall({ region: "us-east-1", method: "POST", url: "/", headers: {}, body: Buffer.alloc(0), ...call }, operations);

const needs = async (...args: Parameters<typeof read>) =>
  (await needsOf(read(...args))).map(({ action, resource }) => `${action} ${resource}`);

const query = (parameters: Record<string, string>) => Buffer.from(new URLSearchParams(parameters).toString());

describe("S3 is told by method, path, query and headers", () => {
  test.each([
    ["GET", "/b/artifacts/x.tar.gz?x-id=GetObject", "s3:GetObject arn:aws:s3:::b/artifacts/x.tar.gz"],
    ["GET", "/b/locks/a.json?versionId=1", "s3:GetObjectVersion arn:aws:s3:::b/locks/a.json"],
    ["HEAD", "/b/k", "s3:GetObject arn:aws:s3:::b/k"],
    ["HEAD", "/b", "s3:ListBucket arn:aws:s3:::b"],
    ["GET", "/b?list-type=2&prefix=reports%2F", "s3:ListBucket arn:aws:s3:::b"],
    ["GET", "/b/?versions", "s3:ListBucketVersions arn:aws:s3:::b"],
    ["GET", "/b?publicAccessBlock", "s3:GetBucketPublicAccessBlock arn:aws:s3:::b"],
    ["PUT", "/b?lifecycle", "s3:PutLifecycleConfiguration arn:aws:s3:::b"],
    ["DELETE", "/b/k", "s3:DeleteObject arn:aws:s3:::b/k"],
    ["DELETE", "/b", "s3:DeleteBucket arn:aws:s3:::b"],
    ["PUT", "/b/k%20l", "s3:PutObject arn:aws:s3:::b/k l"],
    ["POST", "/b/k?uploads", "s3:PutObject arn:aws:s3:::b/k"],
    ["PUT", "/b/k?partNumber=1&uploadId=u", "s3:PutObject arn:aws:s3:::b/k"],
    ["POST", "/b/k?uploadId=u", "s3:PutObject arn:aws:s3:::b/k"],
    ["GET", "/", "s3:ListAllMyBuckets *"],
  ])("%s %s", async (method, url, expected) => {
    expect(await needs({ service: "s3", method, url })).toEqual([expected]);
  });

  test("emptying a bucket takes both permissions", async () => {
    expect(await needs({ service: "s3", method: "POST", url: "/b?delete" })).toEqual([
      "s3:DeleteObject arn:aws:s3:::b/unnamed",
      "s3:DeleteObjectVersion arn:aws:s3:::b/unnamed",
    ]);
  });
});

test("AWS Backup is told by method and path, and its selection passes a role", async () => {
  const body = Buffer.from(JSON.stringify({ BackupSelection: { IamRoleArn: "arn:aws:iam::123456789012:role/r" } }));
  expect(await needs({ service: "backup", method: "PUT", url: "/backup/plans/p1/selections", body })).toEqual([
    "backup:CreateBackupSelection arn:aws:backup:us-east-1:123456789012:backup-plan:p1",
    "iam:PassRole arn:aws:iam::123456789012:role/r",
    "iam:CreateServiceLinkedRole arn:aws:iam::123456789012:role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup",
  ]);
});

test("a database in the query protocol needs its groups, its tag and the role of the account's first one", async () => {
  const body = query({
    Action: "CreateDBInstance",
    DBInstanceIdentifier: "d",
    DBSubnetGroupName: "s",
    EngineVersion: "15.8",
    "Tags.member.1.Key": "stack",
  });
  expect(await needs({ service: "rds", body })).toEqual([
    "rds:CreateDBInstance arn:aws:rds:us-east-1:123456789012:db:d",
    "rds:CreateDBInstance arn:aws:rds:us-east-1:123456789012:og:default:postgres-15",
    "rds:CreateDBInstance arn:aws:rds:us-east-1:123456789012:subgrp:s",
    "rds:AddTagsToResource arn:aws:rds:us-east-1:123456789012:db:d",
    "rds:AddTagsToResource arn:aws:rds:us-east-1:123456789012:subgrp:s",
    "iam:CreateServiceLinkedRole arn:aws:iam::123456789012:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS",
  ]);
});

test("a list of all is of things that only * covers", async () => {
  expect(await needs({ service: "rds", body: query({ Action: "DescribeDBInstances" }) })).toEqual([
    "rds:DescribeDBInstances *",
  ]);
});

test("CloudWatch is asked in JSON under another name than IAM's", async () => {
  const headers = { "x-amz-target": "GraniteServiceVersion20100801.DescribeAlarms" };
  const body = Buffer.from(JSON.stringify({ AlarmNames: ["a"] }));
  expect(await needs({ service: "monitoring", headers, body })).toEqual([
    "cloudwatch:DescribeAlarms arn:aws:cloudwatch:us-east-1:123456789012:alarm:a",
  ]);
});

test("whoever has a key may ask who they are", async () => {
  expect(await needs({ service: "sts", body: query({ Action: "GetCallerIdentity" }) })).toEqual([]);
});

test("a permission that IAM knows nothing of is said", async () => {
  await expect(needs({ service: "ec2", body: query({ Action: "NoSuchThing" }) })).rejects.toThrow(/ec2:NoSuchThing/);
});
