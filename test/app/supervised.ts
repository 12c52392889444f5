import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";

/** Says the program's process id on fd 3, then waits for it. Its standard input closes with the tests, even at kill -9. */
const supervise = `
exec 4<&0
"$@" </dev/null 3>&- 4<&- & program=$!
echo "$program" >&3; exec 3>&-
{ cat; kill -KILL "$program"; } <&4 >/dev/null 2>&1 &
exec 4<&-
wait "$program"
`;

export type Supervised = {
  pid: number;
  /** What it wrote so far, standard output and error together. */
  output(): string;
  /** Resolves when it has ended: its exit code, or 128 and the signal's number. */
  ended: Promise<number>;
  /** Sends the signal and waits for the end; fine when it has ended already. */
  stop(signal?: NodeJS.Signals): Promise<number>;
};

/** Starts a program that ends with this process, however that ends. */
export async function startSupervised(command: readonly string[], environment: NodeJS.ProcessEnv): Promise<Supervised> {
  const shell: ChildProcess = spawn("/bin/sh", ["-c", supervise, "supervise", ...command], {
    env: environment,
    stdio: ["pipe", "pipe", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [shell.stdout, shell.stderr])
    stream?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(shell, "close").then(([code]: (number | null)[]) => {
    shell.stdin?.end();
    return code ?? -1;
  });
  // Written to after the program has ended.
  shell.stdin?.on("error", () => undefined);
  const [line] = (await once(shell.stdio[3]!, "data")) as [Buffer];
  const pid = Number(line.toString());
  let hasEnded = false;
  void ended.then(() => (hasEnded = true));
  return {
    pid,
    output: () => output,
    ended,
    async stop(signal = "SIGTERM") {
      if (!hasEnded) process.kill(pid, signal);
      return ended;
    },
  };
}

/** Asks until there is an answer. @throws what the last attempt threw, when the deadline is over or `isOver` says so */
export async function eventually<T>(
  ask: () => Promise<T>,
  { deadlineMs = 20_000, isOver = () => false }: { deadlineMs?: number; isOver?: () => boolean } = {},
): Promise<T> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    try {
      return await ask();
    } catch (cause) {
      if (Date.now() > deadline || isOver()) throw cause;
      await pause(25);
    }
  }
}
