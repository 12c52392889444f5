import { runSimulation, runUnsafeSimulation } from "@cloud-copilot/iam-simulate";
import { Refusal } from "../api";
import type { BucketPolicies } from "../bucket-policies";
import type { Call } from "./call";
import { localAccount, type Need, needsOf } from "./needed";
import type { Principal, Principals } from "./principals";

/** What a caller was allowed and what it was denied. */
export type PermissionRecord = { allowed: string[]; denied: string[] };

/** Refuses what Amazon would refuse for want of permission, and records what each caller needed. */
export class Permissions {
  private readonly seen = new Map<string, { allowed: Set<string>; denied: Set<string> }>();

  constructor(
    private readonly principals: Principals,
    private readonly buckets: BucketPolicies,
  ) {}

  /** @throws Refusal where the key is unknown or its owner is not allowed what the call needs */
  async check(keyId: string, call: Call): Promise<void> {
    const principal = this.principals.of(keyId);
    if (principal.policies === null) return;
    const seen = this.seen.get(principal.name) ?? { allowed: new Set(), denied: new Set() };
    this.seen.set(principal.name, seen);
    const policies = await principal.policies();
    for (const need of await needsOf(call)) {
      const allowed = await isAllowed(principal, policies, need, this.policyOf(need));
      seen[allowed ? "allowed" : "denied"].add(need.action);
      if (!allowed) throw denial(principal, need);
    }
  }

  /** What the thing itself says of who may; null where it says nothing. */
  private policyOf({ action, resource }: Need): object | null {
    if (action.startsWith("kms:")) return keyPolicy;
    return action.startsWith("s3:") ? this.buckets.of(resource) : null;
  }

  /** By caller, since the cloud was started. */
  record(): Record<string, PermissionRecord> {
    return Object.fromEntries(
      [...this.seen].map(([name, { allowed, denied }]) => [
        name,
        { allowed: [...allowed].sort(), denied: [...denied].sort() },
      ]),
    );
  }
}

/** A key's policy comes first; every key's own leaves the rest to IAM. */
const keyPolicy = {
  Version: "2012-10-17",
  Statement: [
    { Effect: "Allow", Principal: { AWS: `arn:aws:iam::${localAccount}:root` }, Action: "kms:*", Resource: "*" },
  ],
};

async function isAllowed(
  { arn }: Principal,
  policies: object[],
  { action, resource, context }: Need,
  resourcePolicy: object | null,
): Promise<boolean> {
  const simulation = {
    request: { principal: arn, action, resource: { resource, accountId: localAccount }, contextVariables: context },
    identityPolicies: policies.map((policy, index) => ({ name: `policy-${index}`, policy })),
    serviceControlPolicies: [],
    resourceControlPolicies: [],
  };
  // The one with checks knows no ARN that several types of resources share; the other knows no policy of a resource.
  if (resourcePolicy === null) return runUnsafeSimulation(simulation, {}) === "Allowed";
  const result = await runSimulation({ ...simulation, resourcePolicy }, {});
  return result.resultType !== "error" && result.overallResult === "Allowed";
}

function denial({ arn }: Principal, { action, resource }: Need): Refusal {
  const code = action.startsWith("ec2:") ? "UnauthorizedOperation" : "AccessDenied";
  return new Refusal(
    code,
    `User: ${arn} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`,
    403,
  );
}
