import { expect, test } from "vitest";
import type { ApiResponse } from "../cloud/api";
import { snsHandlers } from "../cloud/sns";

const topic = "arn:aws:sns:eu-central-1:123456789012:team";

/** As moto answers: it takes everybody for confirmed. */
function moto(action: string, parameters: URLSearchParams): string {
  const arn = (endpoint: string) => `<SubscriptionArn>${topic}:${endpoint}</SubscriptionArn>`;
  if (action === "Subscribe")
    return `<SubscribeResponse><SubscribeResult>${arn(parameters.get("Endpoint") ?? "")}</SubscribeResult></SubscribeResponse>`;
  if (action === "GetSubscriptionAttributes")
    return "<Attributes><entry><key>PendingConfirmation</key><value>false</value></entry></Attributes>";
  return ["a@example.test", "queue"].map((endpoint) => `<member>${arn(endpoint)}</member>`).join("");
}

function cloud() {
  const handlers = snsHandlers();
  return async (action: string, parameters: Record<string, string>): Promise<string> => {
    const asked = new URLSearchParams(parameters);
    const forward = async (): Promise<ApiResponse> => ({ status: 200, headers: {}, body: moto(action, asked) });
    const request = { service: "sns", region: "eu-central-1", action, parameters: asked };
    return (await handlers[action]!(request, forward)).body;
  };
}

test("an address is subscribed once its owner has confirmed it; a queue at once", async () => {
  const ask = cloud();
  const address = { TopicArn: topic, Protocol: "email", Endpoint: "a@example.test" };
  const SubscriptionArn = `${topic}:a@example.test`;
  expect(await ask("Subscribe", address)).toContain(">pending confirmation<");
  expect(await ask("Subscribe", { ...address, ReturnSubscriptionArn: "true" })).toContain(SubscriptionArn);
  expect(await ask("Subscribe", { ...address, Protocol: "sqs", Endpoint: "queue" })).toContain(`${topic}:queue`);
  const listed = await ask("ListSubscriptionsByTopic", { TopicArn: topic });
  expect(listed).toContain(">PendingConfirmation<");
  expect(listed).toContain(`${topic}:queue`);
  expect(listed).not.toContain(SubscriptionArn);
  expect(await ask("GetSubscriptionAttributes", { SubscriptionArn })).toContain("<value>true</value>");
  await expect(ask("Unsubscribe", { SubscriptionArn })).rejects.toThrow("pending confirmation");
  await expect(ask("ConfirmSubscription", { TopicArn: topic, Token: "guessed" })).rejects.toThrow("Token");

  await ask("ConfirmSubscription", { TopicArn: topic, Token: "a@example.test" });
  expect(await ask("ListSubscriptionsByTopic", { TopicArn: topic })).toContain(SubscriptionArn);
  expect(await ask("GetSubscriptionAttributes", { SubscriptionArn })).toContain("<value>false</value>");
  expect(await ask("Subscribe", address)).toContain(SubscriptionArn);
  await ask("Unsubscribe", { SubscriptionArn });
});
