import { openContext } from "../context/context";
import type { StepInput } from "../context/input";
import { locateHost } from "../context/locate-host";
import { secretsOf } from "../context/secrets";
import type { StepContext } from "../context/step";
import { Failure } from "../core/failure";
import type { Phase } from "../core/phases";
import { redact } from "../report/redact";
import { endWith } from "./command-line";
import { askPulumi } from "./pulumi";
import { readStackState, type StackState } from "./stack-state";

/** What every command on a stack takes. */
export type LookOptions = {
  /** Another file than `Pulumi.STACK.yaml`. */
  configFile?: string;
};

export type Looked = {
  stack: string;
  configFile: string | undefined;
  state: StackState;
  /** Looks at host and database as that phase would; ends with the command. */
  open: (phase: Phase, input: StepInput) => Promise<StepContext>;
  /** Says something on stdout, without the secrets of what was opened. */
  say: (text: string) => void;
};

/**
 * Runs a command that looks at a deployed stack.
 * @param named the stack; otherwise the one that PULUMI_STACK names or `pulumi stack select` chose
 * @param run says what it sees and returns whether all is well
 */
export async function look(
  command: string,
  named: string | undefined,
  { configFile }: LookOptions,
  run: (looked: Looked) => Promise<boolean>,
): Promise<void> {
  const opened: StepContext[] = [];
  const clean = (text: string) =>
    redact(
      text,
      opened.flatMap((context) => secretsOf(context.input)),
    );
  const startedAt = new Date();
  try {
    const stack = named ?? (await selectedStack(command));
    const isWell = await run({
      stack,
      configFile,
      state: await readStackState(stack),
      open: async (phase, input) => {
        const context = openContext(phase, await locateHost(input), startedAt, command);
        opened.push(context);
        return context;
      },
      say: (text) => void process.stdout.write(`${clean(text)}\n`),
    });
    endWith(isWell);
  } catch (error) {
    if (error instanceof Failure) throw new Failure(error.code, clean(error.message), clean(error.remedy), error);
    throw new Error(clean(error instanceof Error ? error.message : String(error)));
  } finally {
    for (const { host } of opened) await host.close();
  }
}

async function selectedStack(command: string): Promise<string> {
  const done = await askPulumi(["stack", "--show-name"]);
  if (done.isGood && done.stdout.trim() !== "") return done.stdout.trim();
  throw new Failure(
    "stack-not-named",
    "no stack is named and none is selected",
    `npm run ${command} -- STACK; pulumi stack ls lists the stacks`,
  );
}
