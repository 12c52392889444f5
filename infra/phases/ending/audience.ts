import type { BoxResult } from "../../checklist/result";

/** Who is subscribed to the stack's topic: Amazon sends nothing to an address until its owner has confirmed it. */
export type Audience = { confirmed: string[]; unconfirmed: string[] };

/**
 * Whether the team was told, as far as can be known. Open while an address is not confirmed: nobody but its owner can do that.
 * @param addresses whom the config names
 */
export function teamNotified(
  messageId: string,
  { confirmed, unconfirmed }: Audience,
  addresses: readonly string[],
): Pick<BoxResult, "result" | "evidence" | "reason"> {
  const missing = addresses.filter((address) => ![...confirmed, ...unconfirmed].includes(address));
  const evidence = `message ${messageId} to ${confirmed.length} confirmed subscribers, with summary and the report's address`;
  if (confirmed.length + unconfirmed.length + missing.length === 0)
    return {
      result: "failed",
      evidence: `${evidence}: nobody is subscribed to the stack's topic`,
      reason: "pulumi config set --path contacts.team.lead.email ADDRESS, then pulumi up",
    };
  const reasons = [
    ...(unconfirmed.length === 0
      ? []
      : [`never confirmed, so not told: ${unconfirmed.join(", ")}. The owner confirms by the link in Amazon's mail`]),
    ...(missing.length === 0
      ? []
      : [
          `no longer subscribed, so not told: ${missing.join(", ")}. Amazon forgets what nobody confirms: pulumi refresh --run-program --skip-preview, then pulumi up, which sends another mail`,
        ]),
  ];
  return reasons.length === 0
    ? { result: "passed", evidence }
    : { result: "open", evidence, reason: reasons.join("; ") };
}
