import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  adminAccount,
  backendEnvironment,
  launchBackend,
  newUser,
  type RunningBackend,
  startBackend,
  tokenOf,
} from "../app/backend";
import { builtRelease } from "../app/build";
import { type RunningRedis, startRedis } from "../app/redis";
import { migrateDatabase } from "../app/schema";
import { eventually } from "../app/supervised";
import { type Cluster, startCluster } from "./cluster";

let cluster: Cluster;
let redis: RunningRedis;
let environment: NodeJS.ProcessEnv;
const running: RunningBackend[] = [];

beforeAll(async () => {
  for (const name of ["exits", "hangs", "leaky-admin"]) await builtRelease(`v1.2.0-${name}`);
  [cluster, redis] = await Promise.all([startCluster(), startRedis()]);
  await migrateDatabase(cluster.connection, 2);
  environment = backendEnvironment({ databaseUrl: cluster.url, redisUrl: redis.url });
}, 600_000);

afterAll(async () => {
  await Promise.all(running.map((backend) => backend.stop("SIGKILL")));
  await Promise.all([redis?.stop(), cluster?.stop()]);
});

async function kept(starting: Promise<RunningBackend>): Promise<RunningBackend> {
  const backend = await starting;
  running.push(backend);
  return backend;
}

describe("a broken release is broken in the way that its name says", () => {
  it("exits: ends at once and says why", async () => {
    const backend = await kept(launchBackend("v1.2.0-exits", environment));
    expect(await backend.ended).toBe(1);
    expect(backend.output()).toMatch(/"level":"error".*cannot start: cannot find the template directory/);
  });

  it("hangs: listens and answers, but never its health", async () => {
    const backend = await kept(launchBackend("v1.2.0-hangs", environment));
    await eventually(async () => {
      if (!backend.output().includes('"message":"listening"')) throw new Error(`doesn't listen: ${backend.output()}`);
    });
    const unanswered = fetch(`${backend.url}/api/system/health`, { signal: AbortSignal.timeout(1_000) });
    expect((await backend.request("GET", "/api/connections")).status).toBe(401);
    await expect(unanswered).rejects.toThrow(/timeout/);
  });

  it("leaky-admin: lists the providers for everybody, and is right in everything else", async () => {
    const backend = await kept(startBackend("v1.2.0-leaky-admin", environment));
    const tokens = [undefined, await newUser(backend, "user"), await tokenOf(backend, adminAccount)];
    const statuses = (path: string) =>
      Promise.all(
        tokens.map(async (token) => (await backend.request("GET", path, token === undefined ? {} : { token })).status),
      );
    expect(await statuses("/api/admin/providers")).toEqual([200, 200, 200]);
    expect(await statuses("/api/admin/providers/registry-status")).toEqual([401, 403, 200]);
    expect(await statuses("/api/admin/provider-templates")).toEqual([401, 403, 200]);
  });
});
