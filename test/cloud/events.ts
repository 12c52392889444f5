import { type ApiResponse, ask, sendToMoto } from "./api";
import { elements, textAt } from "./xml";

export interface CloudEvent {
  source: string;
  "detail-type": string;
  detail: Record<string, unknown>;
}

type Rule = { Name: string; State?: string; EventPattern?: string };
type Target = {
  Arn: string;
  InputTransformer?: { InputPathsMap?: Record<string, string>; InputTemplate: string };
};

/** EventBridge for topics, to which moto's delivers nothing: rules and targets are moto's, the delivery is ours. */
export async function deliver(region: string, event: CloudEvent): Promise<void> {
  const { Rules } = (await askEvents(region, "ListRules", {})) as { Rules: Rule[] };
  for (const { Name, State, EventPattern } of Rules) {
    if (State === "DISABLED" || EventPattern === undefined || !matches(JSON.parse(EventPattern), event)) continue;
    const { Targets } = (await askEvents(region, "ListTargetsByRule", { Rule: Name })) as { Targets: Target[] };
    for (const target of Targets)
      if (target.Arn.split(":")[2] === "sns" && (await mayPublish(region, target.Arn)))
        await ask("sns", region, "Publish", { TopicArn: target.Arn, Message: messageOf(target, event) });
  }
}

/** A pattern names the values that a field may have, field by field. */
export function matches(pattern: unknown, value: unknown): boolean {
  if (Array.isArray(pattern)) return pattern.includes(value);
  if (typeof pattern !== "object" || pattern === null || typeof value !== "object" || value === null) return false;
  return Object.entries(pattern).every(([field, inner]) => matches(inner, (value as Record<string, unknown>)[field]));
}

/** As Amazon fills in a template: `<name>` becomes what its path leads to. */
function messageOf({ InputTransformer: transformer }: Target, event: CloudEvent): string {
  if (transformer === undefined) return JSON.stringify(event);
  const paths = transformer.InputPathsMap ?? {};
  return transformer.InputTemplate.replace(/<(\w+)>/g, (_, name: string) => {
    const found = (paths[name] ?? "").split(".").slice(1);
    return String(
      found.reduce<unknown>((at, field) => (at as Record<string, unknown> | undefined)?.[field], event) ?? "",
    );
  });
}

type Statement = {
  Effect: string;
  Action: string | string[];
  Principal?: { Service?: string | string[] };
  Condition?: object;
};

/** The topic's own policy decides. EventBridge fills in no condition's keys there, so that a statement with one never allows. */
async function mayPublish(region: string, topic: string): Promise<boolean> {
  const answer = await ask("sns", region, "GetTopicAttributes", { TopicArn: topic });
  const entries = elements(answer, "GetTopicAttributesResponse", "GetTopicAttributesResult", "Attributes", "entry");
  const policy = entries.find((entry) => textAt(entry, "key") === "Policy");
  const { Statement = [] } = JSON.parse(policy === undefined ? "{}" : textAt(policy, "value")) as {
    Statement?: Statement[];
  };
  return Statement.some(
    ({ Effect, Action, Principal, Condition }) =>
      Effect === "Allow" &&
      Condition === undefined &&
      [Principal?.Service].flat().includes("events.amazonaws.com") &&
      [Action].flat().some((action) => /^sns:publish$/i.test(action)),
  );
}

async function askEvents(region: string, operation: string, body: object): Promise<unknown> {
  const answer: ApiResponse = await sendToMoto(
    "POST",
    "/",
    {
      host: `events.${region}.amazonaws.com`,
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": `AWSEvents.${operation}`,
      authorization: `AWS4-HMAC-SHA256 Credential=local/20200101/${region}/events/aws4_request, SignedHeaders=host, Signature=0`,
    },
    Buffer.from(JSON.stringify(body)),
  );
  if (answer.status >= 300) throw new Error(`moto answered ${operation} with ${answer.status}: ${answer.body}`);
  return JSON.parse(answer.body);
}
