import { Failure } from "../core/failure";
import { runProgram } from "../core/program";

const howToGetIt =
  'install it (https://www.pulumi.com/docs/install/). For the rehearsal: eval "$(npm run --silent rehearse -- --env)"';

export type PulumiAnswer = { isGood: boolean; stdout: string; stderr: string };

/**
 * Asks Pulumi's own command line, which asks nothing back.
 * @param options.input goes through stdin, so that it is in no process list
 * @throws Error saying how to get it where it is not installed
 */
export async function askPulumi(
  args: readonly string[],
  options: { input?: string; cwd?: string } = {},
): Promise<PulumiAnswer> {
  const done = await runProgram("pulumi", [...args, "--non-interactive"], { timeoutMs: 120_000, ...options });
  if (done.how.includes("ENOENT")) throw new Failure("pulumi-missing", "pulumi is not on PATH", howToGetIt);
  return { isGood: done.exitCode === 0, stdout: done.stdout, stderr: done.stderr.trim() || done.how };
}

/** @throws Error with what Pulumi said when it fails */
export async function tellPulumi(
  args: readonly string[],
  options: { input?: string; cwd?: string } = {},
): Promise<string> {
  const { isGood, stdout, stderr } = await askPulumi(args, options);
  if (!isGood) throw new Error(`pulumi ${args.slice(0, 2).join(" ")}: ${stderr}`);
  return stdout;
}
