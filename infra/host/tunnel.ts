import { createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { startProgram } from "../core/program";
import { type HostAddress, type SshFiles, sshArguments } from "./commands/ssh";
import { explainRefusal } from "./ssh-failure";

export type TunnelArgs = {
  host: HostAddress;
  files: SshFiles;
  /** Where the tunnel begins, on 127.0.0.1; 0 for any free port. */
  localPort: number;
  /** Where it ends, as the host names it. */
  target: { address: string; port: number };
  /** How long a connection waits for a host that does not answer yet, in milliseconds. */
  deadlineMs: number;
  /** Hears why a connection was given up. */
  onFailure: (message: string) => void;
};

export type Tunnel = {
  localPort: number;
  /** Ends its connections too: one that a client keeps for later would hold this process for seconds. */
  close(): void;
};

/**
 * Listens on this machine and carries each connection through the host by an ssh of its own. Nothing is started until
 * somebody connects, so a run that changes nothing costs nothing. It ends with this process.
 * @throws Error when the local port is taken
 */
export async function openTunnel(args: TunnelArgs): Promise<Tunnel> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    void carry(socket, args);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) =>
      reject(
        new Error(
          `no tunnel to the database can begin at 127.0.0.1:${args.localPort} (${error.message}). ` +
            `Is another run of this stack going on? Otherwise: pulumi config set --path host.tunnelPort PORT`,
        ),
      ),
    );
    server.listen(args.localPort, "127.0.0.1", resolve);
  });
  server.unref();
  const address = server.address();
  const localPort = address !== null && typeof address === "object" ? address.port : args.localPort;
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { localPort, close };
}

/** In its first boot a host may answer before it has its own key and knows ours. */
const settlingMs = 30_000;

/** What has to be ended with this process: one listener for all connections, however many a provider opens. */
const endWithProcess = new Set<() => void>();
process.once("exit", () => {
  for (const end of endWithProcess) end();
});

async function carry(socket: Socket, args: TunnelArgs): Promise<void> {
  socket.on("error", () => socket.destroy());
  socket.pause();
  const deadline = Date.now() + args.deadlineMs;
  let refusedAt: number | undefined;
  for (;;) {
    const end = await through(socket, args);
    if (end.carriedAnything || socket.destroyed) return;
    const refusal = explainRefusal(args.host, end.words);
    refusedAt = refusal === undefined ? undefined : (refusedAt ?? Date.now());
    if (Date.now() >= Math.min(deadline, (refusedAt ?? deadline) + settlingMs)) {
      args.onFailure(
        refusal !== undefined
          ? `${refusal.message}. What to do: ${refusal.remedy}`
          : `the host ${args.host.address} was not reached within ${args.deadlineMs / 1000} s; ssh said: ${end.words || "nothing"}. ` +
              `Is this machine's address in network.sshFrom, and is the host running?`,
      );
      socket.destroy();
      return;
    }
    await sleep(1000);
  }
}

/**
 * One try. PostgreSQL speaks only when it is spoken to: until its first answer, what the client sent is kept too, so that
 * after a host that refused the same bytes go to the next try.
 */
function through(socket: Socket, args: TunnelArgs): Promise<{ carriedAnything: boolean; words: string }> {
  return new Promise((resolve) => {
    const { address, port } = args.target;
    const ssh = startProgram("ssh", ["-W", `${address}:${port}`, ...sshArguments(args.host, args.files)]);
    let words = "";
    let carriedAnything = false;
    const held: Buffer[] = [];
    const hold = (chunk: Buffer) => {
      if (!carriedAnything) held.push(chunk);
      if (!ssh.stdin.destroyed) ssh.stdin.write(chunk);
    };
    socket.on("data", hold);
    // It was paused, so that nothing is lost between two tries.
    socket.resume();
    ssh.stdin.on("error", () => undefined);
    ssh.stdout.once("data", (first: Buffer) => {
      carriedAnything = true;
      socket.write(first);
      ssh.stdout.pipe(socket);
    });
    ssh.stderr.on("data", (chunk: Buffer) => {
      words = (words + chunk.toString()).slice(-2000);
    });
    const end = () => ssh.kill();
    socket.once("close", end);
    endWithProcess.add(end);
    ssh.once("error", (error) => {
      words = error.message;
    });
    ssh.once("close", () => {
      socket.off("data", hold);
      socket.off("close", end);
      endWithProcess.delete(end);
      socket.pause();
      if (!carriedAnything && held.length > 0 && !socket.destroyed) socket.unshift(Buffer.concat(held));
      if (carriedAnything) socket.end();
      resolve({ carriedAnything, words: words.trim() });
    });
  });
}
