export type Policy = { Statement: { Action: string | string[]; Resource: string | string[] }[] };

/** Every permission that a policy of docs/ gives. */
export function documentedActions(policy: Policy): string[] {
  return [...new Set(policy.Statement.flatMap(({ Action }) => Action))].sort();
}
