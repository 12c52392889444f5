import { parseArgs } from "node:util";
import { openContext } from "../context/context";
import type { StepInput } from "../context/input";
import { secretsOf } from "../context/secrets";
import type { StepContext } from "../context/step";
import type { Phase } from "../core/phases";
import { runProgram } from "../core/program";
import { redact } from "../report/redact";
import { readStackState, type StackState } from "./stack-state";

/** How each command ends. */
export const exitCodes = { good: 0, findings: 1, unusable: 2 } as const;

export type StackCommand = {
  name: string;
  /** One line. */
  purpose: string;
  /** Switches of its own, each with what it does. */
  switches?: Readonly<Record<string, string>>;
  /** @returns whether all is well */
  run: (looked: Looked) => Promise<boolean>;
};

export type Looked = {
  stack: string;
  /** Another file than `Pulumi.STACK.yaml`. */
  configFile: string | undefined;
  state: StackState;
  /** Switches that were given, by name. */
  switches: ReadonlySet<string>;
  /** Looks at host and database as that phase would; ends with the command. */
  open: (phase: Phase, input: StepInput) => StepContext;
  /** Says something on stdout, without the secrets of what was opened. */
  say: (text: string) => void;
};

/** Runs a command that looks at a deployed stack, as whoever calls it wants to know: by its exit code, and in words. */
export async function runStackCommand(
  command: StackCommand,
  args: readonly string[] = process.argv.slice(2),
): Promise<void> {
  const opened: StepContext[] = [];
  const clean = (text: string) =>
    redact(
      text,
      opened.flatMap((context) => secretsOf(context.input)),
    );
  const startedAt = new Date();
  try {
    const { stack = await selectedStack(command), configFile, switches } = readArguments(command, args);
    const isWell = await command.run({
      stack,
      configFile,
      state: await readStackState(stack),
      switches,
      open: (phase, input) => {
        const context = openContext(phase, input, startedAt, command.name);
        opened.push(context);
        return context;
      },
      say: (text) => void process.stdout.write(`${clean(text)}\n`),
    });
    process.exitCode = isWell ? exitCodes.good : exitCodes.findings;
  } catch (error) {
    process.stderr.write(`${clean(error instanceof Error ? error.message : String(error))}\n`);
    process.exitCode = exitCodes.unusable;
  } finally {
    for (const { host } of opened) await host.close();
  }
}

type Arguments = { stack?: string; configFile: string | undefined; switches: Set<string> };

function readArguments(command: StackCommand, args: readonly string[]): Arguments {
  const own = Object.keys(command.switches ?? {});
  const options = {
    ...Object.fromEntries(own.map((name) => [name, { type: "boolean" as const }])),
    stack: { type: "string" as const, short: "s" },
    "config-file": { type: "string" as const },
  };
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const given: Record<string, string | boolean | undefined> = values;
    if (positionals.length > 1) throw new Error(`one stack at a time, not ${positionals.join(" and ")}`);
    const stack = positionals[0] ?? given.stack;
    const configFile = given["config-file"];
    return {
      ...(typeof stack === "string" ? { stack } : {}),
      configFile: typeof configFile === "string" ? configFile : undefined,
      switches: new Set(own.filter((name) => given[name] === true)),
    };
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${usageOf(command)}`);
  }
}

/** The stack that `pulumi stack select` chose, or PULUMI_STACK names. */
async function selectedStack(command: StackCommand): Promise<string> {
  const done = await runProgram("pulumi", ["stack", "--show-name", "--non-interactive"], { timeoutMs: 60_000 });
  if (done.exitCode === 0 && done.stdout.trim() !== "") return done.stdout.trim();
  throw new Error(`which stack? None is named and none is selected.\n${usageOf(command)}`);
}

export function usageOf(command: StackCommand): string {
  const switches = Object.entries({ ...command.switches, "config-file FILE": "another file than Pulumi.STACK.yaml" });
  const width = Math.max(...switches.map(([name]) => name.length));
  return [
    `usage: npm run ${command.name} -- STACK${switches.map(([name]) => ` [--${name}]`).join("")}`,
    `  ${command.purpose}`,
    ...switches.map(([name, does]) => `  --${name.padEnd(width)}  ${does}`),
    `Ends with ${exitCodes.good}: all is well; ${exitCodes.findings}: something was found, and what to do about it; ${exitCodes.unusable}: the stack could not be looked at.`,
  ].join("\n");
}
