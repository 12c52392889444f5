import { existsSync } from "node:fs";
import { Argument, Option } from "commander";
import { ExecaError } from "execa";
import { commandLine, endWith, exitCodes, runCommandLine } from "../../infra/cli/command-line";
import { pair, sayPair } from "../../infra/cli/pair";
import { exportLines } from "../toolchain/environment";
import { endRehearsal, prepareRehearsal } from "./rehearsal";

const startedAt = Date.now();
const log = (line: string) =>
  void process.stderr.write(`rehearse  ${Math.round((Date.now() - startedAt) / 1000)} s  ${line}\n`);

type Flags = { release?: string; schema?: string; prepare?: boolean; env?: boolean; down?: boolean };

async function rehearse(what: "pair" | undefined, flags: Flags): Promise<void> {
  if (flags.down === true) return endRehearsal({ log });
  if (process.getuid?.() !== 0)
    throw new Error(
      "the local cloud needs root: it boots hosts in namespaces of their own. Remedy: run it as root, or with sudo -E",
    );
  const { pulumi, environment, repository, databaseAuthority } = await prepareRehearsal({ log });
  const { stack, configFile } = pulumi.options;
  if (flags.env === true)
    return void process.stdout.write(
      exportLines({
        ...environment,
        PULUMI_STACK: stack,
        REHEARSAL_CONFIG: configFile,
        // What a stack of one's own on this cloud needs: npm run init takes them for defaults.
        REHEARSAL_REPOSITORY: repository,
        REHEARSAL_DATABASE_CA: databaseAuthority,
      }),
    );
  if (flags.prepare === true) return;
  const { release, schema } = flags;
  if (what === "pair") {
    const to = {
      ...(release !== undefined && { release }),
      ...(schema !== undefined && { schemaVersion: Number(schema) }),
    };
    return endWith(sayPair(await pair({ stack, configFile, ...to })));
  }
  if (release !== undefined) await pulumi.setConfig("release", release);
  if (schema !== undefined) await pulumi.setConfig("schemaVersion", schema);
  log("pulumi up");
  await pulumi.show("up", "--yes", "--skip-preview");
  const [address, report] = await Promise.all([pulumi.output("address"), pulumi.output("report")]);
  log("done");
  process.stdout.write(`application: https://${address}\nreport: ${copyHere(report)}\n`);
}

/** The copy that the run left in this checkout, which a browser opens; the bucket's own where another checkout deployed. */
function copyHere(address: string): string {
  const path = address.replace(/^s3:\/\/[^/]+\//, "");
  return existsSync(path) ? path : address;
}

const program = commandLine(
  "rehearse",
  "Deploys the sample application on a local cloud; pair rehearses the schema change to a release and back on a copy.",
)
  .addArgument(new Argument("[what]", "what to rehearse instead of a deployment").choices(["pair"]))
  .addOption(new Option("--release <name>", "a release of the sample application").choices(["v1.1.0", "v1.2.0"]))
  .addOption(new Option("--schema <number>", "the schema version to go with it").choices(["1", "2"]))
  .option("--prepare", "bring up everything that the stack needs and deploy nothing")
  .option("--env", "print the environment that plain pulumi commands on the rehearsal need, for eval")
  .addOption(new Option("--down", "stop and forget everything").conflicts(["release", "schema", "prepare", "env"]))
  .action(async (what: "pair" | undefined, flags: Flags) => {
    try {
      await rehearse(what, flags);
    } catch (error) {
      // Pulumi has said what is wrong already.
      if (!(error instanceof ExecaError)) throw error;
      process.exitCode = exitCodes.unusable;
    }
  });

await runCommandLine(program);
