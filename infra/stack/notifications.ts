import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { topicPolicy } from "./policies";

export interface NotificationsArgs {
  /** Whose alarms may publish. */
  account: string;
  /** Addresses by role. Amazon asks each address for a confirmation before the first message. */
  emails: Readonly<Record<string, string | undefined>>;
}

/** A topic that gets a message when a deployment starts, succeeds or fails; others may subscribe to it too. */
export class Notifications extends pulumi.ComponentResource {
  readonly topicArn: pulumi.Output<string>;

  constructor(name: string, args: NotificationsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("prompt-library:infra:Notifications", name, {}, opts);
    const parent = { parent: this };
    // Not encrypted with Amazon's own key: alarms could not publish to it then. What is sent holds no secret.
    const topic = new aws.sns.Topic(`${name}-topic`, {}, parent);
    new aws.sns.TopicPolicy(
      `${name}-publishers`,
      { arn: topic.arn, policy: topic.arn.apply((arn) => JSON.stringify(topicPolicy(arn, args.account))) },
      parent,
    );
    for (const [role, endpoint] of onceEach(args.emails))
      new aws.sns.TopicSubscription(`${name}-${role}`, { topic: topic.arn, protocol: "email", endpoint }, parent);
    this.topicArn = topic.arn;
    this.registerOutputs({ topicArn: this.topicArn });
  }
}

/** A person with two roles gets one message. */
function onceEach(emails: NotificationsArgs["emails"]): [role: string, email: string][] {
  const seen = new Set<string>();
  return Object.entries(emails).flatMap(([role, email]): [string, string][] => {
    if (email === undefined || seen.has(email)) return [];
    seen.add(email);
    return [[role, email]];
  });
}
