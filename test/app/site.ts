import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, request as forward } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import type { RunningBackend } from "./backend";
import { builtRelease } from "./build";

export type Site = { url: string; stop(): void };

const types: Record<string, string> = { ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };

/**
 * As nginx serves a release: its files, `index.html` for every other path, and `/api/` from the backend.
 * @param firstAnswers pages that take a path's place when it is asked for the first time
 */
export async function startSite(
  tag: string,
  backend: RunningBackend,
  firstAnswers: Readonly<Record<string, string>> = {},
): Promise<Site> {
  const unasked = new Map(Object.entries(firstAnswers));
  const root = join(await builtRelease(tag), "interface/frontend/dist");
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://site").pathname;
    if (path.startsWith("/api/")) {
      const inner = forward(
        `${backend.url}${request.url}`,
        { method: request.method, headers: request.headers },
        (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
        },
      );
      // A page that is left while it waits, or the backend's end.
      inner.on("error", () => response.destroy());
      request.pipe(inner);
    } else if (unasked.has(path)) {
      response.writeHead(200, { "content-type": "text/html" }).end(unasked.get(path));
      unasked.delete(path);
    } else
      void readFile(join(root, path)).then(
        (file) => response.writeHead(200, { "content-type": types[extname(path)] ?? "text/html" }).end(file),
        async () =>
          response.writeHead(200, { "content-type": "text/html" }).end(await readFile(join(root, "index.html"))),
      );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
