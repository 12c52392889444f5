import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { isPortFree } from "../infra/core/port";

/** A port that nobody listens on: any that the system hands out, or the first from `first` on. */
export async function freePort(first = 0): Promise<number> {
  if (first > 0) return (await isPortFree(first)) ? first : freePort(first + 1);
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
