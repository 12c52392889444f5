import * as pulumi from "@pulumi/pulumi";
import { beforeAll, expect, test } from "vitest";
import { Roles } from "../../infra/stack/roles";

type Inputs = Record<string, unknown>;

/** What the engine was asked for, in the order in which it was made. */
let made: Map<string, Inputs>;

beforeAll(async () => {
  await pulumi.runtime.setMocks({
    newResource: async ({ name, inputs }) => {
      // As slow as a machine under load may be where it matters.
      if (name.endsWith("master-owner")) await new Promise((resolve) => setTimeout(resolve, 50));
      made.set(name, inputs as Inputs);
      return { id: name, state: inputs };
    },
    call: () => ({}),
  });
});

async function make(appPassword: string): Promise<Map<string, Inputs>> {
  made = new Map();
  const roles = new Roles("roles", {
    port: 15432,
    masterPassword: "master-password-0123",
    database: "library",
    databaseLineage: "db-1",
    ownerPassword: "owner-password-0123",
    appPassword,
    readonlyPassword: "readonly-password-0123",
  });
  await new Promise((resolve) => roles.database.apply(resolve));
  return made;
}

/** The provider keeps it secret in the state: it is wrapped. */
const passwordOf = (inputs?: Inputs) => (inputs as { password: { value: string } }).password.value;

test("no statement that makes a role carries its password, and the same password makes the same role", async () => {
  const first = await make("app-password-0123");
  const { "roles-provider": provider, ...others } = Object.fromEntries(first);
  // The one that does log in with its password.
  expect(JSON.stringify(provider)).toContain("master-password-0123");
  expect(JSON.stringify(others)).not.toMatch(/password-0123/);
  const verifiers = ["roles-owner", "roles-app", "roles-readonly"].map((name) => passwordOf(first.get(name)));
  for (const verifier of verifiers)
    expect(verifier).toMatch(/^SCRAM-SHA-256\$4096:[A-Za-z0-9+/=]{24}\$[A-Za-z0-9+/=]{44}:[A-Za-z0-9+/=]{44}$/);
  const salts = verifiers.map((verifier) => verifier.split("$")[1]);
  expect(new Set(salts).size).toBe(3);
  expect(passwordOf((await make("app-password-0123")).get("roles-app"))).toBe(verifiers[1]);
  expect(passwordOf((await make("other-password-0123")).get("roles-app"))).not.toBe(verifiers[1]);
});

test("the master is the owner's member before the provider makes the owner's database", async () => {
  const order = [...(await make("app-password-0123")).keys()];
  expect(order.indexOf("roles-master-owner")).toBeGreaterThan(0);
  expect(order.indexOf("roles-master-owner")).toBeLessThan(order.indexOf("roles-database"));
});
