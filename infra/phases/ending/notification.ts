import { ListSubscriptionsByTopicCommand, PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import type { StepInput } from "../../context/input";
import { clientOptions } from "../../core/aws-client";
import type { Message } from "../../report/message";

/**
 * Tells the stack's topic.
 * @returns how many are subscribed, and the message's id
 * @throws Error within a minute where SNS is out of reach
 */
export async function notify(input: StepInput, message: Message): Promise<{ subscribers: number; messageId: string }> {
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
  const listed = await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn: input.topicArn }));
  return { subscribers: listed.Subscriptions?.length ?? 0, messageId: published.MessageId ?? "without an id" };
}

/** What SNS takes as a subject: ASCII without control characters, not beginning with a blank, fewer than 100 characters. */
export function subjectOf(text: string): string {
  return text
    .replace(/[^\x20-\x7e]+/g, " ")
    .trim()
    .slice(0, 99);
}
