import { randomBytes, scryptSync } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compareWithOwned } from "../../infra/checklist/owners";
import type { BoxResult } from "../../infra/checklist/result";
import { builtRelease } from "../app/build";
import { startProvider } from "../app/provider";
import { startRedis } from "../app/redis";
import { startCluster } from "./cluster";
import { one } from "./scratch";
import { type Services, verified } from "./verified";

let services: Services;

const broken = [
  "leaky-admin",
  "user-writes",
  "clear-keys",
  "console-error",
  "missing-provider",
  "slow-providers",
  "logged-error",
] as const;

beforeAll(async () => {
  for (const tag of ["v1.1.0", "v1.2.0", ...broken.map((name) => `v1.2.0-${name}`)]) await builtRelease(tag);
  const [cluster, redis, provider] = await Promise.all([
    startCluster({ settings: { shared_preload_libraries: "pg_stat_statements" } }),
    startRedis(),
    startProvider((_, response) => response.end("{}")),
  ]);
  services = { cluster, redis, provider };
}, 900_000);

afterAll(async () => {
  await Promise.all([services?.provider.stop(), services?.redis.stop(), services?.cluster.stop()]);
});

/** A connection that was there before the release. */
async function connectionOf(database: import("pg").Client, config: string): Promise<void> {
  await database.query("insert into users (email, password_hash) values ('owner@users.example', 'x')");
  await database.query(
    "insert into connections (user_id, name, provider, encrypted_config) select id, 'old', 'openai', $1::jsonb from users",
    [config],
  );
}

const failed = (boxes: readonly BoxResult[]) =>
  boxes.filter((box) => box.result === "failed").map((box) => `${box.id}: ${box.evidence}`);

describe("a good release", () => {
  it("v1.2.0 passes every box that verification owns, leaves nothing behind, and stays inside its budget", async () => {
    const before = (database: import("pg").Client) => connectionOf(database, '{"iv": "encrypted"}');
    await verified(services, "v1.2.0", { before }, async ({ boxes, details, database }) => {
      expect(failed(boxes)).toEqual([]);
      expect(boxes.map((box) => box.result)).toEqual(boxes.map(() => "passed"));
      expect(
        compareWithOwned(
          "verify",
          boxes.map((box) => box.id),
        ),
      ).toEqual({ missing: [], foreign: [] });
      expect(new Set(boxes.map((box) => box.id)).size).toBe(boxes.length);
      expect(details.requests).toMatchObject({ limit: 400, windowMinutes: 15, refused: 0 });
      const { used } = details.requests as { used: number };
      expect(used).toBeGreaterThan(50);
      expect(used).toBeLessThan(200);
      const shots = details.screenshots as { page: string; as: string; dataUri: string }[];
      expect(shots.map(({ page, as }) => `${page} as ${as}`)).toEqual([
        "/login as nobody",
        "/connections as user",
        "/admin/providers as admin",
      ]);
      for (const { dataUri } of shots) expect(dataUri.length).toBeGreaterThan(5_000);
      expect(await one(database, "select count(*)::int from connections")).toBe(1);
      expect(await one(database, "select count(*)::int from providers where not is_system")).toBe(0);
      expect(await one(database, "select count(*)::int from sessions")).toBe(0);
      expect(details.checkAccount).toBe("deployment-check@prompt-library.example is disabled");
      expect(
        await one(database, "select is_active from users where email = 'deployment-check@prompt-library.example'"),
      ).toBe(false);
    });
  });

  it.each([1, 2])(
    "v1.1.0 at schema %i passes what it can show; the boxes of providers are not needed, with the reason",
    async (schemaVersion) => {
      await verified(services, "v1.1.0", { schemaVersion }, async ({ boxes }) => {
        expect(failed(boxes)).toEqual([]);
        expect(
          compareWithOwned(
            "verify",
            boxes.map((box) => box.id),
          ),
        ).toEqual({ missing: [], foreign: [] });
        const skipped = boxes.filter((box) => box.result === "not needed");
        expect(skipped.map((box) => box.id)).toEqual(expect.arrayContaining(["FUN-1.2", "SEC-1.1", "PER-2.2"]));
        expect(new Set(skipped.map((box) => box.reason))).toEqual(
          new Set([
            "the table connections has no row",
            expect.stringMatching(/^nothing is stored yet: /),
            schemaVersion === 1
              ? "dynamic providers come with schema 2; this deployment is at schema 1"
              : "v1.1.0 does not support dynamic providers (app.releasesWithoutProviders)",
          ]),
        );
        expect(boxes.filter((box) => box.result === "passed").map((box) => box.id)).toEqual(
          expect.arrayContaining(["APP-3.1", "FUN-2.1", "SEC-1.3", "SEC-2.1", "WEB-1.4"]),
        );
      });
    },
  );
});

describe("a broken release is found by the box that speaks of it, and by no other", () => {
  it.each([
    ["leaky-admin", "SEC-1.3", "GET /api/admin/providers with no token answered 200; expected 401 or 403"],
    ["user-writes", "SEC-1.2", "POST /api/admin/providers with a user's token answered 201; expected 401 or 403"],
    ["clear-keys", "SEC-2.1", "a key stored with a connection is readable in public.connections (1 rows)"],
    ["console-error", "WEB-1.4", "/login as nobody: console: analytics is not defined"],
    ["missing-provider", "APP-2.2", "microsoft-copilot missing among the 3 providers"],
    ["slow-providers", "PER-2.2", "more than 900 or 1100 ms"],
    ["logged-error", "APP-3.1", "the list of providers could not be kept for the next request"],
  ] as const)("%s by %s", async (variant, box, evidence) => {
    await verified(services, `v1.2.0-${variant}`, {}, async ({ boxes, database }) => {
      expect(failed(boxes)).toEqual([expect.stringContaining(`${box}: `)]);
      expect(failed(boxes)[0]).toContain(evidence);
      expect(
        compareWithOwned(
          "verify",
          boxes.map((row) => row.id),
        ),
      ).toEqual({ missing: [], foreign: [] });
      // What a fault let in is removed too.
      expect(await one(database, "select count(*)::int from providers where not is_system")).toBe(0);
      expect(await one(database, "select count(*)::int from connections")).toBe(0);
    });
  });
});

describe("what verification says of what is no fault of the release's pages and routes", () => {
  it("a key that was stored in the clear before is SEC-1.4's", async () => {
    const before = (database: import("pg").Client) => connectionOf(database, '{"api_key": "sk-of-somebody"}');
    await verified(services, "v1.2.0", { before }, async ({ boxes }) => {
      expect(failed(boxes)).toEqual([
        "SEC-1.4: keys that begin with sk- are unencrypted in 1 rows of connections.encrypted_config",
      ]);
    });
  });

  it("statements of a role that the release does not use prove nothing of it: PER-1.1", async () => {
    await verified(services, "v1.2.0", { told: { applicationRole: "somebody_else" } }, async ({ boxes }) => {
      expect(failed(boxes)).toEqual([
        "PER-1.1: no statement on providers or models was counted for somebody_else while these checks ran",
      ]);
    });
  });

  // Once more where it met the end of a quarter of an hour: the application counts by those.
  it("429 is a result of its own: nothing more is asked, and the report says so", { retry: 1 }, async () => {
    await verified(services, "v1.2.0", { environment: { RATE_LIMIT_MAX: "20" } }, async ({ boxes, details }) => {
      const { refused } = details.requests as { refused: number };
      const limited = boxes.filter((box) => /429/.test(box.evidence));
      expect(limited.length).toBeGreaterThan(10);
      // The first, and what pages and a check had on its way by then.
      expect(refused).toBeGreaterThan(0);
      expect(refused).toBeLessThan(10);
      for (const box of limited) expect(box.reason).toContain("this says nothing about the box itself: wait");
    });
  });

  it("an account of the checks' own that can't be disabled is FUN-2.1's; one that an earlier verification disabled is let in again", async () => {
    const before = async (database: import("pg").Client) => {
      const salt = randomBytes(16);
      const hash = scryptSync("a password of the check's own", salt, 32, { N: 16_384, r: 8, p: 1 });
      await database.query(
        "insert into users (email, password_hash, is_active) values ('deployment-check@prompt-library.example', $1, false)",
        [`scrypt$${salt.toString("base64")}$${hash.toString("base64")}`],
      );
    };
    const checkAccount = {
      enable: "update users set is_active = true where email = $1",
      disable: "update no_such_table set is_active = false where email = $1",
    };
    await verified(
      services,
      "v1.1.0",
      { schemaVersion: 1, before, verification: { checkAccount } },
      async ({ boxes }) => {
        expect(failed(boxes)).toEqual([
          'FUN-2.1: deployment-check@prompt-library.example could not be disabled (verification.checkAccount.disable): relation "no_such_table" does not exist',
        ]);
      },
    );
  });

  it("errors of a page that appear only while other checks create and remove what it shows are reported, and it passes", async () => {
    const firstAnswers = {
      "/admin/providers": "<p>Providers</p><script>console.error('the provider is gone')</script>",
    };
    await verified(services, "v1.2.0", { firstAnswers }, async ({ boxes }) => {
      expect(failed(boxes)).toEqual([]);
      expect(boxes.find(({ id }) => id === "WEB-1.4")?.evidence).toMatch(
        /no console error.*; only while other checks were running: \/admin\/providers as admin: console: the provider is gone$/,
      );
    });
  });

  it("a machine without Chromium fails the page's box and says how to get one", async () => {
    const browser = {
      executable: "/nonexistent/chromium",
      storage: "localStorage",
      tokenKey: "token",
      timeoutSeconds: 30,
    } as const;
    await verified(services, "v1.1.0", { schemaVersion: 1, verification: { browser } }, async ({ boxes }) => {
      expect(boxes.filter((box) => box.result === "failed")).toEqual([
        expect.objectContaining({ id: "WEB-1.4", reason: expect.stringContaining("apt-get install chromium") }),
      ]);
    });
  });
});
