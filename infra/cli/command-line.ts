import { Command, CommanderError } from "commander";
import { describeFailure } from "../core/failure";

/** How every command ends. */
export const exitCodes = { good: 0, findings: 1, unusable: 2 } as const;

const exitCodesHelp = `
Exit codes: 0 fine, 1 the command found something, 2 wrong use or it could not look.`;

/** A command, or the program that holds several, with the same help and the same errors everywhere. */
export function commandLine(name: string, purpose: string): Command {
  return new Command(name)
    .description(purpose)
    .configureHelp({ commandUsage: (command) => `npm run ${wordsOf(command)} ${command.usage()}`.trimEnd() })
    .addHelpText("after", exitCodesHelp)
    .helpOption("-h, --help", "show this help")
    .helpCommand(false)
    .allowExcessArguments(false)
    .showHelpAfterError("(--help lists what it takes)")
    .exitOverride();
}

/** The npm command line of a command, or of a part of one. */
function wordsOf(command: Command): string {
  const isPart = Boolean(command.parent?.parent);
  return isPart ? `${command.parent?.name()} -- ${command.name()}` : `${command.name()} --`;
}

/**
 * Runs what the arguments ask for. An action returns whether all is well, or nothing where there is nothing to find.
 * Errors go to stderr as words; a reader of our output who leaves early is no error.
 */
export async function runCommandLine(program: Command, args: readonly string[] = process.argv.slice(2)): Promise<void> {
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  try {
    await program.parseAsync([...args], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? exitCodes.good : exitCodes.unusable;
      return;
    }
    process.stderr.write(`${describeFailure(error)}\n`);
    process.exitCode = exitCodes.unusable;
  }
}

/** The exit code of a command that looked. */
export function endWith(isWell: boolean): void {
  process.exitCode = isWell ? exitCodes.good : exitCodes.findings;
}
