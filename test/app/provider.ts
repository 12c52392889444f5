import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type FakeProvider = {
  url: string;
  /** `METHOD PATH KEY` of each request. */
  requests: string[];
  stop(): Promise<void>;
};

/** Stands for all providers, as PROVIDER_ENDPOINT_OVERRIDE wants it. */
export async function startProvider(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<FakeProvider> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url} ${request.headers["x-api-key"] ?? "-"}`);
    answer(request, response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
