import { PublishCommand, paginateListSubscriptionsByTopic, SNSClient } from "@aws-sdk/client-sns";
import type { StepInput } from "../../context/input";
import { clientOptions } from "../../core/aws-client";
import type { Message } from "../../report/message";
import type { Audience } from "./audience";

/**
 * Tells the stack's topic.
 * @returns the message's id, and whom it was sent to
 * @throws Error within a minute where SNS is out of reach
 */
export async function notify(input: StepInput, message: Message): Promise<{ messageId: string; audience: Audience }> {
  const sns = new SNSClient(clientOptions(input.settings.target.region, { timeoutMs: 20_000, maxAttempts: 2 }));
  const attribute = (value: string) => ({ DataType: "String", StringValue: value });
  const published = await sns.send(
    new PublishCommand({
      TopicArn: input.topicArn,
      Subject: subjectOf(message.subject),
      Message: message.text,
      MessageAttributes: { event: attribute(message.event), stack: attribute(input.stack) },
    }),
  );
  const audience: Audience = { confirmed: [], unconfirmed: [] };
  // "PendingConfirmation" or, for a while, "Deleted" stand in the place of an ARN.
  for await (const page of paginateListSubscriptionsByTopic({ client: sns }, { TopicArn: input.topicArn }))
    for (const { Endpoint: endpoint = "", SubscriptionArn: arn = "" } of page.Subscriptions ?? [])
      if (arn !== "Deleted") audience[arn.startsWith("arn:") ? "confirmed" : "unconfirmed"].push(endpoint);
  return { messageId: published.MessageId ?? "without an id", audience };
}

/** What SNS takes as a subject: ASCII without control characters, not beginning with a blank, fewer than 100 characters. */
export function subjectOf(text: string): string {
  return text
    .replace(/[^\x20-\x7e]+/g, " ")
    .trim()
    .slice(0, 99);
}
