import { Failure } from "../core/failure";
import { runInTerminal } from "../core/program";
import type { Looked } from "./look";
import { lastInput } from "./stack-input";

/** ssh's own exit code for a connection that failed. */
const notConnected = 255;

/** Opens a shell on the host, or runs a command there, with the stack's key and the host's pinned one. */
export async function ssh({ stack, state, open }: Looked, command: readonly string[]): Promise<boolean> {
  const { host } = await open("evidence", lastInput(stack, state));
  const isInteractive = command.length === 0 && process.stdin.isTTY;
  const code = await runInTerminal("ssh", [...(isInteractive ? ["-t"] : []), ...host.sshWords(), ...command]);
  if (code === notConnected)
    throw new Failure(
      "host-unreached",
      `the host ${host.address.address} was not reached`,
      "is it running, and is this machine's address in network.sshFrom?",
    );
  return code === 0;
}
