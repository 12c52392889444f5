import { SNSClient, SubscribeCommand, UnsubscribeCommand } from "@aws-sdk/client-sns";
import type { StepInput } from "../../infra/context/input";
import { asOwner } from "./as-owner";

export type Told = { event: string; subject: string; text: string };

/** Hears what the stack's topic is told, as any subscriber would: by a queue. Asked by hand, since nothing else here needs SQS. */
export class Listener {
  #queue = "";
  #subscription = "";

  constructor(
    readonly sns: SNSClient,
    readonly region: string,
  ) {}

  static async to({ topicArn, settings }: StepInput): Promise<Listener> {
    const { region } = settings.target;
    const listener = new Listener(new SNSClient(asOwner), region);
    const name = `told-${process.pid}`;
    listener.#queue =
      /<QueueUrl>(.*?)<\/QueueUrl>/.exec(await listener.#sqs({ Action: "CreateQueue", QueueName: name }))?.[1] ?? "";
    const made = await listener.sns.send(
      new SubscribeCommand({
        TopicArn: topicArn,
        Protocol: "sqs",
        Endpoint: topicArn.replace(":sns:", ":sqs:").replace(/[^:]*$/, name),
      }),
    );
    listener.#subscription = made.SubscriptionArn ?? "";
    return listener;
  }

  /** What came since it was last asked, oldest first. */
  async heard(): Promise<Told[]> {
    const heard: Told[] = [];
    for (;;) {
      const answer = await this.#sqs({ Action: "ReceiveMessage", QueueUrl: this.#queue, MaxNumberOfMessages: "10" });
      const bodies = [...answer.matchAll(/<Body>([\s\S]*?)<\/Body>/g)].map(([, body = ""]) => unescaped(body));
      if (bodies.length === 0) return heard;
      for (const body of bodies) {
        const {
          Subject: subject,
          Message: text,
          MessageAttributes: attributes,
        } = JSON.parse(body) as {
          Subject: string;
          Message: string;
          MessageAttributes?: { event?: { Value?: string } };
        };
        heard.push({ event: attributes?.event?.Value ?? "", subject, text });
      }
    }
  }

  async end(): Promise<void> {
    await this.sns.send(new UnsubscribeCommand({ SubscriptionArn: this.#subscription }));
    await this.#sqs({ Action: "DeleteQueue", QueueUrl: this.#queue });
  }

  async #sqs(parameters: Record<string, string>): Promise<string> {
    const answer = await fetch(process.env.AWS_ENDPOINT_URL ?? "", {
      method: "POST",
      // The local cloud reads the service from the signature and checks nothing else of it.
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=${asOwner.credentials.accessKeyId}/20260101/${this.region}/sqs/aws4_request, SignedHeaders=host, Signature=0`,
        "content-type": "application/x-www-form-urlencoded",
      },
      body: new URLSearchParams({ Version: "2012-11-05", ...parameters }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${parameters.Action} answered ${answer.status}: ${text.slice(0, 300)}`);
    return text;
  }
}

function unescaped(xml: string): string {
  return xml.replace(
    /&(quot|apos|lt|gt|#10|#13|#xa|amp);/gi,
    (_, name: string) =>
      ({ quot: '"', apos: "'", lt: "<", gt: ">", "#10": "\n", "#13": "\r", "#xa": "\n", amp: "&" })[
        name.toLowerCase()
      ] ?? "",
  );
}
