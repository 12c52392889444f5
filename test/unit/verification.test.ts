import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { compareWithOwned } from "../../infra/checklist/owners";
import { verificationSettings } from "../../infra/settings/verification";
import { type Asked, credentials, judgeAccess, type Route } from "../../infra/verification/access";
import { fillBody } from "../../infra/verification/body";
import { checks } from "../../infra/verification/checks";
import { disguises } from "../../infra/verification/cleartext";
import { compareConnections } from "../../infra/verification/existing-connections";
import { judgeJournal, parseJournal } from "../../infra/verification/journal";
import { percentile } from "../../infra/verification/performance";
import { planScans } from "../../infra/verification/performance-queries";
import { expiredTwin, withChangedSignature } from "../../infra/verification/tokens";

test("the checks are those of the boxes that verification owns, each once", () => {
  const ids = checks.map(([id]) => id);
  expect(compareWithOwned("verify", ids)).toEqual({ missing: [], foreign: [] });
  expect(new Set(ids).size).toBe(ids.length);
});

describe("which box an answer speaks against", () => {
  const read: Route = { method: "GET", path: "/admin", isAdminOnly: true };
  const write: Route = { method: "POST", path: "/admin", isAdminOnly: true };
  const own: Route = { method: "GET", path: "/mine", isAdminOnly: false };
  const all = (route: Route, statuses: readonly number[]): Asked[] =>
    credentials.map((credential, index) => ({ route, credential, status: statuses[index] ?? 401 }));
  const counts = (asked: Asked[]) => Object.values(judgeAccess(asked)).map((found) => found.length);

  test.each([
    ["all refused", all(read, [401, 403, 401, 401]), [0, 0, 0]],
    ["open to everybody: authentication alone", all(read, [200, 200, 200, 200]), [3, 0, 0]],
    ["open to users: reading", all(read, [401, 200, 401, 401]), [0, 1, 0]],
    ["users may write", all(write, [401, 201, 401, 401]), [0, 0, 1]],
    ["a user's 404 got past the guard", all(write, [401, 404, 401, 401]), [0, 0, 1]],
    ["an expired token is taken", all(own, [401, 200, 200, 401]), [1, 0, 0]],
    ["a changed signature is taken", all(own, [401, 200, 401, 200]), [1, 0, 0]],
    ["users' own routes are open to users", all(own, [401, 200, 401, 401]), [0, 0, 0]],
  ] as const)("%s", (_, asked, expected) => expect(counts([...asked])).toEqual(expected));
});

describe("tokens that must not open anything", () => {
  const sign = (text: string, secret: string) => createHmac("sha256", secret).update(text).digest("base64url");
  const body = [{ alg: "HS256" }, { sub: "u", exp: 9_999_999_999, jti: "j" }]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  const token = `${body}.${sign(body, "secret")}`;

  test("an expired one is rightly signed, with the same claims", () => {
    const [header, payload = "", signature] = (expiredTwin(token, "secret") ?? "").split(".");
    expect(signature).toBe(sign(`${header}.${payload}`, "secret"));
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as {
      sub: string;
      exp: number;
      jti: string;
    };
    expect(claims).toMatchObject({ sub: "u", jti: "j" });
    expect(claims.exp * 1000).toBeLessThan(Date.now());
  });

  test("none is made of a token that another secret signed, or that is no JWT", () => {
    expect(expiredTwin(token, "another")).toBeUndefined();
    expect(expiredTwin("opaque", "secret")).toBeUndefined();
  });

  test("a changed signature is another one, of the same length", () => {
    const bytes = (text: string) => Buffer.from(text.split(".")[2] ?? "", "base64url").toString("hex");
    expect(withChangedSignature(token)).toHaveLength(token.length);
    expect(bytes(withChangedSignature(token))).not.toBe(bytes(token));
    expect(withChangedSignature(token).split(".").slice(0, 2)).toEqual(token.split(".").slice(0, 2));
  });
});

test.each(["", "a", "ab", '{"api_key":"'])("a key is found in base64 and hexadecimal after %j", (before) => {
  const key = "sk-deployment-check-0123456789abcdef";
  const stored = Buffer.from(`${before}${key}"}`);
  for (const text of [stored.toString(), stored.toString("base64"), stored.toString("hex")])
    expect(disguises(key).some((needle) => text.includes(needle))).toBe(true);
  expect(
    disguises(key).some((needle) =>
      Buffer.from("sk-another-key-0123456789abcdef01234").toString("base64").includes(needle),
    ),
  ).toBe(false);
});

describe("what the journal's lines tell", () => {
  const patterns = verificationSettings.shape.journal.parse(undefined);
  test.each([
    [{ priority: 3, message: "disk" }, "errors"],
    [{ priority: 6, message: '{"level":"error","message":"x"}' }, "errors"],
    [{ priority: 6, message: '{"level":50,"msg":"x"}' }, "errors"],
    [{ priority: 6, message: "[ERROR] x" }, "errors"],
    [{ priority: 4, message: "slow query" }, "troubles"],
    [{ priority: 6, message: "the request timed out" }, "troubles"],
    [{ priority: 6, message: '{"level":"info","message":"request","status":200}' }, "nothing"],
    [{ priority: null, message: '{"errors":0}' }, "nothing"],
  ] as const)("%j: %s", (line, expected) => {
    const judged = judgeJournal([line], patterns);
    expect({ errors: judged.errors.length, troubles: judged.troubles.length }).toEqual({
      errors: expected === "errors" ? 1 : 0,
      troubles: expected === "troubles" ? 1 : 0,
    });
  });

  test("lines that are known to mean nothing are left out", () => {
    expect(judgeJournal([{ priority: 3, message: "known" }], { ...patterns, harmless: ["^known$"] })).toEqual({
      errors: [],
      troubles: [],
    });
  });

  test("journalctl's JSON, bytes too", () => {
    expect(
      parseJournal('{"MESSAGE":"a","PRIORITY":"6"}\n{"MESSAGE":[98,255],"PRIORITY":"3"}\n{"MESSAGE":null}\n'),
    ).toEqual([
      { priority: 6, message: "a" },
      { priority: 3, message: "b�" },
      { priority: null, message: "" },
    ]);
  });
});

describe("connections that were there before", () => {
  const seen = (count: number, change: (index: number) => object = () => ({})) => ({
    count,
    sample: Array.from({ length: count }, (_, index) => ({
      id: `c${index}`,
      status: "active",
      fingerprint: "f",
      ...change(index),
    })),
  });
  test("a few that users removed or changed are no fault", () => {
    expect(compareConnections(seen(20), { ...seen(19) }, 10)).toContain(
      "20 connections before, 19 now; of 20 sampled, 1 are gone",
    );
    expect(compareConnections(seen(0), seen(3), 10)).toContain("0 connections before, 3 now");
  });
  test.each([
    ["all gone", seen(0)],
    ["other credentials", seen(20, () => ({ fingerprint: "g" }))],
    ["marked as broken", seen(20, () => ({ status: "error" }))],
  ])("%s is one", (_, after) => expect(() => compareConnections(seen(20), after, 10)).toThrow("more than the 10 %"));
});

test("percentiles are values that were measured", () => {
  expect([percentile([3, 1, 2], 50), percentile([3, 1, 2], 95), percentile([7], 50)]).toEqual([2, 3, 7]);
});

test("a plan's indexes and the tables that it reads whole", () => {
  const plan = [
    {
      Plan: {
        "Node Type": "Nested Loop",
        Plans: [
          { "Node Type": "Seq Scan", "Relation Name": "models" },
          { "Node Type": "Index Scan", "Index Name": "i", "Relation Name": "providers" },
        ],
      },
    },
  ];
  expect(planScans(plan)).toEqual({ indexes: ["i"], wholeTables: ["models"] });
});

test("a body is filled in at any depth; what has no value stays as it is", () => {
  expect(fillBody({ a: "${name}", b: [{ c: "x ${key}" }], d: 1, e: "${other}" }, { name: "n", key: "k" })).toEqual({
    a: "n",
    b: [{ c: "x k" }],
    d: 1,
    e: "${other}",
  });
});
