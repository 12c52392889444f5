import { connect, type Server, type Socket } from "node:net";
import type { Log } from "../toolchain/build-once";
import type { Outside } from "./outside";

/** An elastic IP's port that shall answer on this machine. */
export interface Forward {
  address: string;
  port: number;
  /** The host's private address. */
  to: string;
  isAllowed: (clientAddress: string) => boolean;
}

/** Listens on elastic IPs and carries connections to the hosts that have them. */
export class Forwarding {
  private readonly open = new Map<string, { server: Server; forward: Forward; sockets: Set<Socket> }>();
  private readonly refused = new Set<string>();

  constructor(
    private readonly outside: Outside,
    private readonly log: Log,
  ) {}

  /** Opens what is missing and closes what is no longer wanted, with its connections; rules of the rest are renewed. */
  async update(wanted: readonly Forward[]): Promise<void> {
    const keyOf = ({ address, port }: Forward) => `${address}:${port}`;
    const wantedByKey = new Map(wanted.map((forward) => [keyOf(forward), forward]));
    for (const [key, entry] of this.open) {
      const forward = wantedByKey.get(key);
      if (forward !== undefined) {
        // An address that moves to another host never stops listening; what stood to the one before is cut.
        if (forward.to !== entry.forward.to) for (const socket of entry.sockets) socket.destroy();
        entry.forward = forward;
        continue;
      }
      this.open.delete(key);
      await new Promise<void>((resolve) => {
        entry.server.close(() => resolve());
        for (const socket of entry.sockets) socket.destroy();
      });
    }
    for (const [key, forward] of wantedByKey) {
      if (this.open.has(key)) continue;
      try {
        const server = await this.outside.listen(forward.address, forward.port);
        const entry = { server, forward, sockets: new Set<Socket>() };
        this.open.set(key, entry);
        server.on("connection", (client: Socket) => this.carry(client, entry));
        this.refused.delete(key);
      } catch (error) {
        if (!this.refused.has(key)) this.log(String(error));
        this.refused.add(key);
      }
    }
  }

  private carry(client: Socket, entry: { forward: Forward; sockets: Set<Socket> }): void {
    const { to, port, isAllowed } = entry.forward;
    const clientAddress = client.remoteAddress ?? "";
    if (!isAllowed(clientAddress)) {
      this.log(`no security group lets ${clientAddress} reach ${entry.forward.address}:${port}`);
      client.destroy();
      return;
    }
    client.setNoDelay(true);
    const host = connect({ host: to, port, noDelay: true, allowHalfOpen: true });
    // One end half-closed stays open for the other, as on a wire.
    client.allowHalfOpen = true;
    for (const [socket, other] of [
      [client, host],
      [host, client],
    ] as const) {
      entry.sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        entry.sockets.delete(socket);
        if (!other.writableEnded) other.end();
      });
      socket.pipe(other);
    }
  }
}
