import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import type { StepContext } from "../../../context/step";
import { clientOptions } from "../../../core/aws-client";
import { Failure } from "../../../core/failure";

/** PRE-1.1 */
export async function target({ input }: StepContext): Promise<string> {
  const { account, region } = input.settings.target;
  const identity = await new STSClient(clientOptions(region)).send(new GetCallerIdentityCommand({}));
  if (identity.Account !== account)
    throw new Failure(
      "wrong-account",
      `the credentials are those of account ${identity.Account}, not ${account}`,
      `take credentials of account ${account} (AWS_PROFILE), or mend target.account`,
    );
  return `stack ${input.stack}, account ${account}, region ${region}`;
}
