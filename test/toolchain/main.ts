import { commandLine, runCommandLine } from "../../infra/cli/command-line";
import { exportLines } from "./environment";
import { setupToolchain } from "./setup";

const program = commandLine(
  "toolchain",
  "Brings Pulumi's engine and its plugins, or builds them where they can't be had.",
)
  .option("--env", "print, for eval, the environment that leads to them")
  .action(async (flags: { env?: boolean }) => {
    const startedMs = Date.now();
    const log = (line: string) =>
      void process.stderr.write(`toolchain  ${Math.round((Date.now() - startedMs) / 1000)} s  ${line}\n`);
    const { pulumiHome, environment } = await setupToolchain({ log });
    if (flags.env === true) process.stdout.write(exportLines(environment));
    else log(`ready: PULUMI_HOME=${pulumiHome}`);
  });

await runCommandLine(program);
