import * as aws from "@pulumi/aws";

/**
 * Makes sure that the credentials at hand are those of the configured account and region.
 * @throws Error naming both accounts or regions; nothing has been changed then
 */
export async function checkTarget(target: { account: string; region: string }): Promise<void> {
  const [identity, region] = await Promise.all([aws.getCallerIdentity(), aws.getRegion()]);
  const problems = [
    identity.accountId === target.account
      ? undefined
      : `the AWS credentials are those of account ${identity.accountId}, but prompt-library:target.account is ${target.account}. Remedy: use the other account's credentials, or another stack`,
    region.id === target.region
      ? undefined
      : `aws:region is ${region.id}, but prompt-library:target.region is ${target.region}. Remedy: pulumi config set aws:region ${target.region}`,
  ].filter((problem) => problem !== undefined);
  if (problems.length > 0)
    throw new Error(`wrong target; nothing has been changed:\n${problems.map((row) => `  - ${row}`).join("\n")}`);
}
