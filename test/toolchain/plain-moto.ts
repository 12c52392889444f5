import { setTimeout as pause } from "node:timers/promises";
import { execa } from "execa";
import { freePort } from "../free-port";
import { motoServer } from "./moto";

export interface PlainMoto {
  endpoint: string;
  /** What an AWS client needs in its environment to talk to it. */
  environment: Record<string, string>;
  stop(): Promise<void>;
}

/** moto alone, on a free port of loopback, for tests that need no real host or database. Answers within 60 s, or throws. */
export async function startPlainMoto(): Promise<PlainMoto> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const server = execa(await motoServer(), ["-H", "127.0.0.1", "-p", String(port)], {
    reject: false,
    all: true,
    buffer: true,
  });
  const stop = async () => {
    server.kill();
    await server;
  };
  const deadlineMs = Date.now() + 60_000;
  for (;;) {
    const answer = await fetch(`${endpoint}/moto-api/data.json`, { signal: AbortSignal.timeout(5_000) }).catch(
      () => null,
    );
    if (answer?.ok) break;
    if (server.exitCode !== null || Date.now() > deadlineMs) {
      await stop();
      throw new Error(`moto did not answer on ${endpoint}:\n${(await server).all}`);
    }
    await pause(100);
  }
  return {
    endpoint,
    environment: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: "testing",
      AWS_SECRET_ACCESS_KEY: "testing",
      AWS_REGION: "us-east-1",
      AWS_EC2_METADATA_DISABLED: "true",
    },
    stop,
  };
}
