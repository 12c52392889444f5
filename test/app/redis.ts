import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { freePort } from "../free-port";
import { eventually, startSupervised } from "./supervised";

export type RunningRedis = { url: string; port: number; stop(): Promise<void> };

/** A throw-away Redis on loopback that keeps nothing. @throws with its output when it does not start */
export async function startRedis(options: { port?: number } = {}): Promise<RunningRedis> {
  const port = options.port ?? (await freePort());
  const arguments_ = [
    "--bind",
    "127.0.0.1",
    "--port",
    String(port),
    "--save",
    "",
    "--appendonly",
    "no",
    "--dir",
    tmpdir(),
  ];
  const server = await startSupervised(["redis-server", ...arguments_], process.env);
  let isOver = false;
  void server.ended.then(() => (isOver = true));
  try {
    await eventually(() => answersPing(port), { isOver: () => isOver });
  } catch (cause) {
    await server.stop("SIGKILL");
    throw new Error(`Redis did not start on port ${port}: ${server.output()}`, { cause });
  }
  return {
    url: `redis://127.0.0.1:${port}/0`,
    port,
    stop: async () => void (await server.stop()),
  };
}

function answersPing(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(port, "127.0.0.1");
    socket.setTimeout(1_000, () => socket.destroy(new Error("Redis doesn't answer PING")));
    socket.on("connect", () => socket.write("PING\r\n"));
    socket.on("error", reject);
    socket.on("data", (data) => {
      socket.destroy();
      if (data.toString() === "+PONG\r\n") resolve();
      else reject(new Error(`Redis answers PING with ${data.toString()}`));
    });
  });
}
