import { commandLine, runCommandLine } from "../../infra/cli/command-line";
import { exportLines } from "../toolchain/environment";
import { cloudStatus, startCloud, stopCloud } from "./cloud";

type Flags = { home?: string };

const program = commandLine("cloud", "Starts and stops a local cloud; npm run rehearse has one of its own.");

function command(
  name: string,
  purpose: string,
  run: (options: Flags & { log: (line: string) => void }) => Promise<void>,
) {
  program.addCommand(
    commandLine(name, purpose)
      .option("--home <directory>", "where its databases, hosts and records are")
      .action((flags: Flags) => run({ ...flags, log: (line) => void process.stderr.write(`cloud  ${line}\n`) })),
  );
}

command("start", "Starts it and prints, for eval, the environment that leads to it.", async (options) => {
  process.stdout.write(exportLines((await startCloud(options)).environment));
});

command("stop", "Stops it and forgets what is on it.", stopCloud);

command("status", "Says whether it runs.", async (options) => {
  const status = await cloudStatus(options);
  process.stdout.write(
    status.isRunning
      ? `running since ${status.startedAt}: ${status.endpoint}\n`
      : `${status.hasLeftovers ? "killed; stop or start removes what it left" : "not running"}\n`,
  );
});

await runCommandLine(program);
