import { spawn } from "node:child_process";
import { ExecaError, execa } from "execa";
import { HostUnreached, StepFailure } from "../core/failure";
import { line, quote } from "./commands/shell";
import { type HostAddress, sshArguments } from "./commands/ssh";
import { sharedControlPath, writeSshIdentity } from "./ssh-identity";
import { runTransient, settle, type TransientOptions } from "./transient";
import { openTunnel, type Tunnel } from "./tunnel";

/** The host, as root, over one shared connection whose key is pinned: where it can be, that of the deployment's earlier phases. */
export class RemoteHost {
  readonly #files;
  readonly #isShared;

  constructor(
    readonly address: HostAddress,
    privateKey: string,
  ) {
    const own = writeSshIdentity(address, privateKey);
    const shared = sharedControlPath(address, privateKey);
    this.#isShared = shared !== undefined;
    this.#files = { ...own, controlPath: shared ?? own.controlPath };
  }

  /** Opens the shared connection before it is needed. Of a host out of reach the first command tells. */
  async connect(): Promise<void> {
    await execa("ssh", [...sshArguments(this.address, this.#files), "true"], {
      reject: false,
      stdin: "ignore",
      timeout: 10_000,
    });
  }

  /**
   * Runs a bash script as root; it ends at the first command that fails. The script goes through stdin, so what it holds
   * is in no process list.
   * @returns what it printed on stdout
   * @throws StepFailure with the script's last words
   */
  async run(what: string, script: string, options: { timeoutMs?: number } = {}): Promise<string> {
    try {
      const done = await execa("ssh", [...sshArguments(this.address, this.#files), "sudo bash -euo pipefail -s"], {
        input: script,
        timeout: options.timeoutMs ?? 120_000,
        stripFinalNewline: true,
      });
      return done.stdout;
    } catch (error) {
      throw explain(what, this.address.address, error);
    }
  }

  /**
   * The same as a transient unit of the host, for what must be done whole whatever becomes of connection and program. One at a time:
   * another run's is waited for.
   */
  async runWhole(what: string, script: string, options: TransientOptions = {}): Promise<string> {
    return runTransient(this.run.bind(this), this.address.address, what, script, options);
  }

  /** Waits until nothing of an earlier run is still at work on the host. */
  async settled(progress: (message: string) => void): Promise<void> {
    await settle(this.run.bind(this), progress);
  }

  /** Writes a file as root, whole or not at all. */
  async put(path: string, content: string, options: { mode?: string; owner?: string } = {}): Promise<void> {
    const temporary = quote(`${path}.new`);
    await this.run(
      `writing ${path}`,
      `umask 077
base64 -d > ${temporary} <<'CONTENT'
${Buffer.from(content).toString("base64")}
CONTENT
chmod ${options.mode ?? "0644"} ${temporary}
chown ${options.owner ?? "root:root"} ${temporary}
mv ${temporary} ${quote(path)}`,
    );
  }

  /** Sends a local file to a path of the host, as root. */
  async send(localPath: string, path: string, timeoutMs = 600_000): Promise<void> {
    const { createReadStream } = await import("node:fs");
    const ssh = spawn(
      "ssh",
      [...sshArguments(this.address, this.#files), line("sudo", "sh", "-c", `cat > ${quote(path)}`)],
      {
        timeout: timeoutMs,
      },
    );
    let words = "";
    ssh.stderr.on("data", (chunk: Buffer) => (words += chunk.toString()));
    ssh.stdin.on("error", () => undefined);
    createReadStream(localPath).pipe(ssh.stdin);
    const code = await new Promise((resolve) => ssh.once("close", resolve));
    if (code !== 0)
      throw new StepFailure(
        `sending ${localPath} to ${this.address.address} ended with ${String(code)}: ${words.trim()}`,
        "run pulumi up again",
      );
  }

  /** A tunnel from a free local port to what the host reaches. */
  tunnel(target: { address: string; port: number }): Promise<Tunnel> {
    return openTunnel({
      host: this.address,
      files: this.#files,
      localPort: 0,
      target,
      deadlineMs: 30_000,
      onFailure: (message) => void process.stderr.write(`${message}\n`),
    });
  }

  /** Leaves the connection to the phase that follows, which finds it where it is shared. */
  async leave(): Promise<void> {
    if (!this.#isShared) await this.close();
  }

  /** Ends the shared connection. */
  async close(): Promise<void> {
    await execa("ssh", ["-O", "exit", ...sshArguments(this.address, this.#files)], { reject: false });
  }
}

function explain(what: string, address: string, error: unknown): Error {
  if (!(error instanceof ExecaError)) return error instanceof Error ? error : new Error(String(error));
  const words = String(error.stderr ?? "").trim();
  if (error.timedOut)
    return new HostUnreached(
      `${what} on ${address} did not end in time; so far: ${words}`,
      "look at the host, then run pulumi up again",
    );
  if (error.exitCode === 255)
    return new HostUnreached(
      `the host ${address} was not reached for ${what}: ${words}`,
      "is the host running, and is this machine's address in network.sshFrom? Then pulumi up again",
    );
  return new StepFailure(
    `${what} on ${address} ended with ${error.exitCode}: ${words || String(error.stdout ?? "").trim()}`,
    "",
  );
}
