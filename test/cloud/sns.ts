import { type ApiResponse, type Handler, Refusal } from "./api";
import { parseXml, textAt } from "./xml";

/** Who is asked first whether messages are wanted; a queue or a function of the same account is not. */
const askedFirst = ["email", "email-json", "http", "https"];

/**
 * Subscriptions as Amazon keeps them: an address hears nothing until somebody confirms it with the token that its owner was sent. Here the
 * token is the address itself, since no mail is sent. moto, which keeps the records, takes everybody for confirmed.
 */
export function snsHandlers(): Record<string, Handler> {
  const pending = new Map<string, { topic: string; endpoint: string }>();
  const confirmed = new Set<string>();
  const hide = (answer: ApiResponse): ApiResponse => {
    const body = [...pending.keys()].reduce(
      (text, arn) => text.replaceAll(`<SubscriptionArn>${arn}<`, "<SubscriptionArn>PendingConfirmation<"),
      answer.body,
    );
    return { ...answer, body };
  };
  return {
    Subscribe: async ({ parameters }, forward) => {
      const answer = await forward();
      const arn = textAt(parseXml(answer.body), "SubscribeResponse", "SubscribeResult", "SubscriptionArn");
      // Who subscribes again keeps the subscription.
      if (arn === "" || confirmed.has(arn) || !askedFirst.includes(parameters.get("Protocol") ?? "")) return answer;
      pending.set(arn, { topic: parameters.get("TopicArn") ?? "", endpoint: parameters.get("Endpoint") ?? "" });
      if (parameters.get("ReturnSubscriptionArn") === "true") return answer;
      return { ...answer, body: answer.body.replace(`>${arn}<`, ">pending confirmation<") };
    },
    ConfirmSubscription: async ({ parameters }, forward) => {
      const meant = [...pending].find(
        ([, { topic, endpoint }]) => topic === parameters.get("TopicArn") && endpoint === parameters.get("Token"),
      );
      if (meant === undefined) throw new Refusal("InvalidParameter", "Invalid parameter: Token");
      pending.delete(meant[0]);
      confirmed.add(meant[0]);
      return forward();
    },
    ListSubscriptions: async (_request, forward) => hide(await forward()),
    ListSubscriptionsByTopic: async (_request, forward) => hide(await forward()),
    GetSubscriptionAttributes: async ({ parameters }, forward) => {
      const answer = await forward();
      if (!pending.has(parameters.get("SubscriptionArn") ?? "")) return answer;
      const entry = /(<key>PendingConfirmation<\/key>\s*<value>)[^<]*/;
      return { ...answer, body: answer.body.replace(entry, "$1true") };
    },
    Unsubscribe: async ({ parameters }, forward) => {
      if (pending.has(parameters.get("SubscriptionArn") ?? ""))
        throw new Refusal(
          "InvalidParameter",
          "Invalid parameter: SubscriptionArn Reason: Cannot unsubscribe a subscription that is pending confirmation",
        );
      return forward();
    },
  };
}
