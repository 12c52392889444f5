import { type ProgramOptions, runProgram } from "../core/program";
import { line, quote, writeFileScript } from "./commands/shell";
import { type HostAddress, sshArguments } from "./commands/ssh";
import { explainSsh } from "./ssh-failure";
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
    this.#files = shared === undefined ? own : { ...own, controlPath: shared };
  }

  /** Opens the shared connection before it is needed. The first command reports a host that is out of reach. */
  async connect(): Promise<void> {
    await runProgram("ssh", [...sshArguments(this.address, this.#files), "true"], { timeoutMs: 10_000 });
  }

  /**
   * Runs a bash script as root; it ends at the first command that fails. The script goes through stdin, so what it holds
   * is in no process list.
   * @returns what it printed on stdout
   * @throws Failure with the script's last words
   */
  async run(what: string, script: string, options: { timeoutMs?: number } = {}): Promise<string> {
    return this.#ssh(what, "sudo bash -euo pipefail -s", { input: script, timeoutMs: options.timeoutMs ?? 120_000 });
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
  async put(path: string, content: string, options: { mode?: string } = {}): Promise<void> {
    await this.run(`writing ${path}`, writeFileScript(path, content, options.mode));
  }

  /** Sends a local file to a path of the host, as root. */
  async send(localPath: string, path: string, timeoutMs = 600_000): Promise<void> {
    const command = line("sudo", "sh", "-c", `cat > ${quote(path)}`);
    await this.#ssh(`sending ${localPath}`, command, { inputFile: localPath, timeoutMs });
  }

  async #ssh(what: string, command: string, options: ProgramOptions): Promise<string> {
    const done = await runProgram("ssh", [...sshArguments(this.address, this.#files), command], options);
    if (done.exitCode === 0) return done.stdout;
    throw explainSsh(what, this.address, done);
  }

  /** What an ssh needs that the operator works with. */
  sshWords(): string[] {
    return sshArguments(this.address, this.#files);
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
    await runProgram("ssh", ["-O", "exit", ...sshArguments(this.address, this.#files)], { timeoutMs: 10_000 });
  }
}
