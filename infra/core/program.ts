import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { join } from "node:path";
import { execa, type Options } from "execa";
import { Failure } from "./failure";
import { endWithDescendants } from "./process";
import { environmentFor, type Program } from "./program-environment";

export type ProgramOptions = Pick<Options, "cwd" | "input" | "inputFile" | "stdout" | "stderr"> & {
  /** After it the program and all that it started are ended. */
  timeoutMs: number;
  /** Beside what it inherits. */
  env?: Record<string, string>;
};

export type Ended = {
  /** Undefined where it was not started, or did not end by itself. */
  exitCode: number | undefined;
  isLate: boolean;
  stdout: string;
  stderr: string;
  /** For a sentence that begins with its name: "ended with 1". */
  how: string;
  /** The last lines of what it said, on both streams. */
  lastWords: string;
};

/** Runs a program to its end, however it ends. It inherits what it needs and nothing else; without `input` it reads nothing. */
export async function runProgram(
  program: Program,
  args: readonly string[],
  { timeoutMs, env, ...streams }: ProgramOptions,
): Promise<Ended> {
  const running = execa(fileOf(program), args, {
    ...(streams.input === undefined && streams.inputFile === undefined && { stdin: "ignore" as const }),
    ...streams,
    extendEnv: false,
    env: { ...environmentFor(program), ...env },
    all: true,
    reject: false,
  });
  let isLate = false;
  // By execa's own deadline the program alone would be ended; what it has started would hold its output open, and us with it.
  const deadline = setTimeout(() => {
    isLate = true;
    // Of ssh alone: what it started is the connection that others share.
    if (program === "ssh") running.kill("SIGKILL");
    else if (running.pid !== undefined) endWithDescendants(running.pid);
    for (const stream of [running.stdout, running.stderr]) stream?.destroy();
  }, timeoutMs);
  const done = await running;
  clearTimeout(deadline);
  return {
    exitCode: isLate ? undefined : done.exitCode,
    isLate,
    stdout: textOf(done.stdout),
    stderr: textOf(done.stderr),
    how: isLate
      ? `did not end within ${timeoutMs / 1000} s`
      : done.exitCode !== undefined
        ? `exited with ${done.exitCode}`
        : done.signal !== undefined
          ? `was killed by ${done.signal}`
          : `could not be started (${done.code ?? "for an unknown reason"})`,
    lastWords: lastLines(textOf(done.all)),
  };
}

/**
 * The same for a program that has to do what it is asked.
 * @returns what it printed on stdout
 * @throws Error with its own words
 */
export async function mustRun(program: Program, args: readonly string[], options: ProgramOptions): Promise<string> {
  const done = await runProgram(program, args, options);
  if (done.exitCode === 0) return done.stdout;
  // What it printed for us may be secret, and is not for an error.
  throw new Error(`${program} ${done.how}: ${lastLines(done.stderr) || "no error output"}`);
}

/**
 * Runs a program at the operator's own terminal, for as long as the operator likes.
 * @returns its exit code; null where a signal ended it
 * @throws Error where it is not installed
 */
export async function runInTerminal(
  program: Program,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<number | null> {
  const { TERM } = process.env;
  const running = spawn(fileOf(program), [...args], {
    stdio: "inherit",
    env: { ...environmentFor(program), ...(TERM !== undefined && { TERM }), ...env },
  });
  return new Promise((resolve, reject) => {
    running.once("error", () =>
      reject(new Failure("program-missing", `${program} could not be started`, "install it")),
    );
    running.once("close", resolve);
  });
}

/** Starts a program whose streams the caller carries on, and which the caller ends. */
export function startProgram(program: Program, args: readonly string[]): ChildProcessWithoutNullStreams {
  return spawn(fileOf(program), [...args], { env: environmentFor(program) });
}

function lastLines(text: string): string {
  return text.trim().split("\n").slice(-20).join("\n");
}

function fileOf(program: Program): string {
  if (program === "squawk")
    return join("node_modules/@squawk-cli", `${process.platform}-${process.arch}`, "bin/squawk");
  return program === "build" || program === "operator" ? "/bin/sh" : program;
}

function textOf(output: unknown): string {
  return typeof output === "string" ? output : "";
}
