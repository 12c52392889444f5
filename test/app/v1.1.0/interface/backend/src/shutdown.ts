import type { Server, ServerResponse } from "node:http";
import { log } from "./log.js";

const deadlineMs = 10_000;

/** At SIGTERM or SIGINT: no new connections, requests in flight end (at most 10 s), then `close`. */
export function endGracefully(server: Server, close: () => Promise<void>): void {
  const inFlight = new Set<ServerResponse>();
  let isEnding = false;
  server.prependListener("request", (_request, response) => {
    inFlight.add(response);
    response.once("close", () => inFlight.delete(response));
    if (isEnding) markLast(response);
  });

  const end = (signal: NodeJS.Signals): void => {
    if (isEnding) return;
    isEnding = true;
    log.info("ending: requests in flight are finished first", { signal, count: inFlight.size });
    const timer = setTimeout(() => {
      log.warn("requests were cut: they took more than 10 s to end", { count: inFlight.size });
      server.closeAllConnections();
    }, deadlineMs);
    server.close(() => {
      clearTimeout(timer);
      void close().finally(() => process.exit(0));
    });
    inFlight.forEach(markLast);
  };
  process.once("SIGTERM", end);
  process.once("SIGINT", end);
}

/** Without it the connection would be kept for seconds after the answer, and the process with it. */
function markLast(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader("Connection", "close");
}
