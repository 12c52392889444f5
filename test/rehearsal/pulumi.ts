import { execa, type ResultPromise } from "execa";

export type PulumiOptions = {
  stack: string;
  /** The stack's own file, outside the checkout. */
  configFile: string;
  environment: Record<string, string>;
};

/** Pulumi's command line on one stack; what it prints is shown, or kept in the result. */
export class Pulumi {
  constructor(readonly options: PulumiOptions) {}

  /** Runs `pulumi ARGS`; its output goes where this process's goes. @throws ExecaError when it fails */
  async show(...args: string[]): Promise<void> {
    await this.#run(args, { stdio: "inherit" });
  }

  /** Runs `pulumi ARGS` and gives what it printed, both streams as one; never throws for a failure. */
  async capture(...args: string[]): Promise<{ exitCode: number; output: string }> {
    const done = await this.#run(args, { all: true, reject: false, stdin: "ignore" });
    return { exitCode: done.exitCode ?? 1, output: String(done.all ?? "") };
  }

  async output(name: string): Promise<string> {
    const { stack, environment } = this.options;
    const done = await execa("pulumi", ["stack", "output", name, "--stack", stack], {
      stdin: "ignore",
      env: environment,
    });
    return done.stdout.trim();
  }

  async setConfig(key: string, value: string): Promise<void> {
    await this.#run(["config", "set", "--path", key, "--plaintext", "--", value], { stdin: "ignore" });
  }

  #run(args: string[], io: { stdio?: "inherit"; all?: boolean; reject?: boolean; stdin?: "ignore" }): ResultPromise {
    const { stack, configFile, environment } = this.options;
    // The one command that knows no stack file.
    const file = args[0] === "cancel" ? [] : ["--config-file", configFile];
    // Dots for every second say nothing in a log.
    const quiet = args[0] === "up" ? ["--suppress-progress"] : [];
    const words = withFlags(args, ["--stack", stack, ...file, ...quiet, "--non-interactive"]);
    return execa("pulumi", words, { ...io, env: environment });
  }
}

/** Flags go before a `--` that ends them. */
function withFlags(args: string[], flags: string[]): string[] {
  const end = args.indexOf("--");
  return end === -1 ? [...args, ...flags] : [...args.slice(0, end), ...flags, ...args.slice(end)];
}
