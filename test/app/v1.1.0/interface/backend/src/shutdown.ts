import type { Server } from "node:http";
import { log } from "./log.js";

const deadlineMs = 10_000;

/** At SIGTERM or SIGINT: no new connections, requests in flight end (at most 10 s), then `close`. */
export function endGracefully(server: Server, close: () => Promise<void>): void {
  let isEnding = false;
  // A kept-alive connection is told at its next answer that it is the last one.
  server.prependListener("request", (_request, response) => {
    if (isEnding) response.setHeader("Connection", "close");
  });

  const end = (signal: NodeJS.Signals): void => {
    if (isEnding) return;
    isEnding = true;
    log.info("ending: requests in flight are finished first", { signal });
    const timer = setTimeout(() => {
      log.warn("requests were cut: they took more than 10 s to end");
      server.closeAllConnections();
    }, deadlineMs);
    server.close(() => {
      clearTimeout(timer);
      void close().finally(() => process.exit(0));
    });
    server.closeIdleConnections();
  };
  process.once("SIGTERM", end);
  process.once("SIGINT", end);
}
