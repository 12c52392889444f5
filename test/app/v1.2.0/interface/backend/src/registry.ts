import type { OfferedProvider, Provider, RegistryStatus } from "@prompt-library/shared";
import { log, reason } from "./log.js";
import type { RedisLink } from "./redis.js";
import type { Providers } from "./stores/providers.js";

/** The number is the schema's: releases on another one keep their own. */
const key = "provider-registry:2";
const lifetimeSeconds = 60;

type Snapshot = { refreshed_at: string; providers: Provider[] };

/** The providers as every user sees them: read from the database once a minute, and again when an administrator changed one. */
export function createRegistry(providers: Providers, { client }: RedisLink) {
  async function refresh(): Promise<Snapshot> {
    const snapshot = { refreshed_at: new Date().toISOString(), providers: await providers.all() };
    await withoutRedis(client.set(key, JSON.stringify(snapshot), "EX", lifetimeSeconds));
    return snapshot;
  }

  async function current(): Promise<Snapshot> {
    const stored = await withoutRedis(client.get(key));
    return stored ? (JSON.parse(stored) as Snapshot) : refresh();
  }

  return {
    refresh: async (): Promise<RegistryStatus> => summarize(await refresh()),
    status: async (): Promise<RegistryStatus> => summarize(await current()),
    async offered(): Promise<OfferedProvider[]> {
      const { providers: known } = await current();
      return known
        .filter(({ status }) => status === "active")
        .map(({ id, identifier, name, description, auth_method, models }) => ({
          id, identifier, name, description, auth_method, models: models.filter(({ status }) => status === "active"),
        }));
    },
  };
}

function summarize({ refreshed_at, providers }: Snapshot): RegistryStatus {
  const count = (holds: (provider: Provider) => boolean) => providers.filter(holds).length;
  const unhealthy = count(({ test_result }) => test_result?.success === false);
  return {
    status: providers.length === 0 ? "empty" : unhealthy > 0 ? "degraded" : "healthy",
    total: providers.length,
    active: count(({ status }) => status === "active"),
    models: providers.reduce((sum, { models }) => sum + models.length, 0),
    healthy: count(({ test_result }) => test_result?.success === true),
    unhealthy,
    unknown: count(({ test_result }) => test_result === null),
    refreshed_at,
  };
}

function withoutRedis<T>(answer: Promise<T>): Promise<T | undefined> {
  return answer.catch((cause: unknown) => {
    log.warn("the registry works without Redis", { reason: reason(cause) });
    return undefined;
  });
}
