import { Agent, request } from "node:https";
import { setTimeout as pause } from "node:timers/promises";

export type LoadOptions = {
  address: string;
  /** Under this name, as users do. */
  publicName: string;
  path: string;
  method?: "GET" | "POST";
  perSecond: number;
  /** One connection for many requests, or a new one for each. */
  keepAlive: boolean;
  /** Statuses that are no failure; 200 alone unless it is said. */
  accepts?: readonly number[];
};

export type LoadResult = {
  asked: number;
  /** Why each request failed that did. */
  failed: string[];
  /** When each of those was due, from the beginning. */
  failedAtMs: number[];
  slowestMs: number;
  p99Ms: number;
  /** The longest time between two good answers: an outage as a client sees it. */
  longestGapMs: number;
  /** How many answers each release gave, as health tells it. */
  byRelease: Record<string, number>;
  /** When each release answered for the first time, from the beginning. */
  firstMsByRelease: Record<string, number>;
};

const deadlineMs = 15_000;

/**
 * Asks at a steady rate while something runs. Each request starts when its time has come, whether or not those before it are
 * answered, and its time counts from there: a client that waited for answers first would ask less just when answers are slow.
 * autocannon counts a request whose connection the server closes neither as answered nor as failed, and sends a second's requests all at its beginning.
 */
export async function underLoad<T>(options: LoadOptions, work: () => Promise<T>): Promise<LoadResult & { value: T }> {
  const load = startLoad(options);
  try {
    const value = await work();
    return { ...(await load.end()), value };
  } catch (error) {
    await load.end();
    throw error;
  }
}

export type Load = {
  /** Waits for the first good answer; how long after the beginning it is now. */
  firstAnswer(): Promise<number>;
  elapsedMs(): number;
  end(): Promise<LoadResult>;
};

export function startLoad(options: LoadOptions): Load {
  const agent = new Agent({
    keepAlive: options.keepAlive,
    maxSockets: 256,
    rejectUnauthorized: false,
    servername: options.publicName,
  });
  const accepts = options.accepts ?? [200];
  const times: number[] = [];
  const failed: string[] = [];
  const failedAtMs: number[] = [];
  const goodAt: number[] = [];
  const byRelease: Record<string, number> = {};
  const firstMsByRelease: Record<string, number> = {};
  const pending = new Set<Promise<void>>();
  const began = performance.now();
  let asked = 0;

  const fail = (dueMs: number, reason: string) => {
    failed.push(reason);
    failedAtMs.push(dueMs);
  };
  const ask = async (dueMs: number): Promise<void> => {
    try {
      const { status, body } = await once(options, agent);
      if (!accepts.includes(status)) fail(dueMs, `${status} ${body.slice(0, 100)}`);
      else {
        goodAt.push(performance.now());
        const [, release] = /"version":"([^"]+)"/.exec(body) ?? [];
        if (release !== undefined) {
          byRelease[release] = (byRelease[release] ?? 0) + 1;
          firstMsByRelease[release] ??= performance.now() - began;
        }
      }
    } catch (error) {
      fail(dueMs, error instanceof Error ? error.message : String(error));
    }
    times.push(performance.now() - began - dueMs);
  };
  const timer = setInterval(() => {
    for (; asked < ((performance.now() - began) * options.perSecond) / 1000; asked += 1) {
      const one: Promise<void> = ask((asked * 1000) / options.perSecond).finally(() => pending.delete(one));
      pending.add(one);
    }
  }, 5);

  return {
    async firstAnswer() {
      for (const end = performance.now() + deadlineMs; goodAt.length === 0; await pause(5))
        if (performance.now() > end) throw new Error(`no good answer within ${deadlineMs / 1000} s`);
      return performance.now() - began;
    },
    elapsedMs: () => performance.now() - began,
    async end() {
      clearInterval(timer);
      await Promise.all(pending);
      agent.destroy();
      times.sort((a, b) => a - b);
      const at = (share: number) =>
        Math.round(times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0);
      const gaps = goodAt.slice(1).map((time, index) => time - goodAt[index]!);
      return {
        asked,
        failed,
        failedAtMs,
        slowestMs: at(1),
        p99Ms: at(0.99),
        longestGapMs: Math.round(Math.max(0, ...gaps)),
        byRelease,
        firstMsByRelease,
      };
    },
  };
}

function once(
  { address, publicName, path, method }: LoadOptions,
  agent: Agent,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: address,
        port: 443,
        path,
        method: method ?? "GET",
        agent,
        headers: { host: publicName },
        timeout: deadlineMs,
      },
      (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
        response.on("error", reject);
      },
    );
    asked.on("timeout", () => asked.destroy(new Error(`no answer within ${deadlineMs / 1000} s`)));
    asked.on("error", reject);
    asked.end();
  });
}
