import { ask } from "../api";
import { elements, textAt } from "../xml";

export type Role = { name: string; arn: string };

/** The role of an instance profile, by the profile's name; null where it has none. */
export async function roleOfProfile(region: string, profile: string): Promise<Role | null> {
  const answer = await ask("iam", region, "GetInstanceProfile", { InstanceProfileName: profile });
  const result = "GetInstanceProfileResult";
  const [role] = elements(answer, "GetInstanceProfileResponse", result, "InstanceProfile", "Roles", "member");
  return role ? { name: textAt(role, "RoleName"), arn: textAt(role, "Arn") } : null;
}

/** What a role may do by its inline policies, the only ones that hosts have. */
export async function policiesOfRole(region: string, role: string): Promise<object[]> {
  const listed = await ask("iam", region, "ListRolePolicies", { RoleName: role });
  const names = elements(listed, "ListRolePoliciesResponse", "ListRolePoliciesResult", "PolicyNames").flatMap(
    ({ member = [] }) => member.filter((name) => typeof name === "string"),
  );
  return Promise.all(
    names.map(async (name) => {
      const answer = await ask("iam", region, "GetRolePolicy", { RoleName: role, PolicyName: name });
      const document = textAt(answer, "GetRolePolicyResponse", "GetRolePolicyResult", "PolicyDocument");
      return JSON.parse(decodeURIComponent(document)) as object;
    }),
  );
}
