import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { logWriterPolicy, serviceTrust } from "./policies";

/** A year, as audits ask; one of the numbers that CloudWatch takes. */
const retentionInDays = 365;

export interface FlowLogsArgs {
  account: string;
  vpcId: pulumi.Input<string>;
}

/** Who spoke with whom in the network, and what was refused: kept for whoever asks after an incident. */
export class FlowLogs extends pulumi.ComponentResource {
  constructor(name: string, args: FlowLogsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("prompt-library:infra:FlowLogs", name, {}, opts);
    const parent = { parent: this };
    const group = new aws.cloudwatch.LogGroup(`${name}-log`, { retentionInDays }, parent);
    const role = new aws.iam.Role(
      `${name}-role`,
      { assumeRolePolicy: JSON.stringify(serviceTrust("vpc-flow-logs.amazonaws.com", args.account)) },
      parent,
    );
    const policy = new aws.iam.RolePolicy(
      `${name}-write`,
      { role: role.name, policy: group.arn.apply((arn) => JSON.stringify(logWriterPolicy(arn))) },
      parent,
    );
    new aws.ec2.FlowLog(
      `${name}-all`,
      {
        vpcId: args.vpcId,
        trafficType: "ALL",
        logDestination: group.arn,
        iamRoleArn: role.arn,
        tags: { Name: name },
      },
      { ...parent, dependsOn: [policy] },
    );
    this.registerOutputs();
  }
}
