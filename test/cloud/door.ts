/**
 * The daemon lives in the cloud's own network namespace, beside its hosts and databases; this small process stays outside,
 * on the machine's network. A listening socket belongs to the namespace in which it was opened: the door opens the endpoint
 * and the elastic IPs here and hands the sockets in. It ends with the daemon, and the daemon with it.
 */
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

export interface DoorRequest {
  request: number;
  address: string;
  port: number;
}

export interface DoorAnswer {
  request: number;
  /** Null where the socket comes along. */
  error: string | null;
}

const [home, network] = process.argv.slice(2);
if (!home || !network) throw new Error("usage: door.ts HOME NETWORK");

const daemon = spawn(
  "nsenter",
  [
    `--net=/run/netns/${network}`,
    process.execPath,
    ...process.execArgv,
    fileURLToPath(new URL("daemon.ts", import.meta.url)),
    home,
  ],
  { stdio: ["ignore", "inherit", "inherit", "ipc"] },
);

daemon.on("message", (message) => {
  const { request, address, port } = message as DoorRequest;
  const server = createServer();
  server.once("error", (error) => daemon.send({ request, error: error.message } satisfies DoorAnswer));
  server.listen({ host: address, port, backlog: 511 }, () => {
    // The daemon's copy keeps listening; this one would take connections that nobody serves.
    daemon.send({ request, error: null } satisfies DoorAnswer, server, {}, () => server.close());
  });
});
daemon.on("error", (error) => {
  console.error(`the local cloud's daemon could not be started: ${error.message}`);
  process.exit(1);
});
daemon.on("exit", (code) => process.exit(code ?? 1));
process.on("SIGTERM", () => daemon.kill("SIGTERM"));
