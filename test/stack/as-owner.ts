import type { Cloud } from "../cloud/cloud";
import type { PermissionRecord } from "../cloud/iam/permissions";
import { keys } from "../cloud/iam/principals";

/** For a client with which a test looks at the cloud or changes it by hand: its account's owner, who is allowed everything. */
export const asOwner = {
  region: "us-east-1",
  credentials: { accessKeyId: keys.owner, secretAccessKey: "testing" },
};

/** Which permissions each caller needed since the cloud was started. */
export async function permissionRecord(cloud: Cloud): Promise<Record<string, PermissionRecord>> {
  const answer = await fetch(`${cloud.endpoint}/_local-cloud/permissions`);
  return (await answer.json()) as Record<string, PermissionRecord>;
}
