import type { Server } from "node:net";
import type { DoorAnswer, DoorRequest } from "./door";

/** Opens listening sockets on the machine's own network, through the door. */
export class Outside {
  private requests = 0;
  private readonly waiting = new Map<number, (answer: DoorAnswer, server: Server | undefined) => void>();

  constructor() {
    process.on("message", (message, handle) => {
      const answer = message as DoorAnswer;
      this.waiting.get(answer.request)?.(answer, handle as Server | undefined);
      this.waiting.delete(answer.request);
    });
  }

  listen(address: string, port: number): Promise<Server> {
    const request = ++this.requests;
    return new Promise((resolve, reject) => {
      this.waiting.set(request, (answer, server) => {
        if (server) resolve(server);
        else reject(new Error(`cannot listen on ${address}:${port}: ${answer.error ?? "no socket came"}`));
      });
      process.send?.({ request, address, port } satisfies DoorRequest);
    });
  }
}
