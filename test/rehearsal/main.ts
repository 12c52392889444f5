import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { ExecaError } from "execa";
import { main as pairMain } from "../../infra/cli/pair";
import { endRehearsal, prepareRehearsal } from "./rehearsal";

const usage = `usage: npm run rehearse [-- [pair] OPTIONS]
  pair              rehearse the schema's way there and back on a restored copy; --release and --schema say to where
  --release NAME    a release of the sample application: v1.1.0 (as it begins) or v1.2.0
  --schema NUMBER   the schema version to go with it: 1 or 2
  --prepare         bring up everything that the stack needs and deploy nothing
  --env             print, for eval, the environment that plain pulumi commands on the rehearsal need
  --down            stop and forget everything
`;

const startedAt = Date.now();
const log = (line: string) =>
  void process.stderr.write(`rehearse  ${Math.round((Date.now() - startedAt) / 1000)} s  ${line}\n`);

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      release: { type: "string" },
      schema: { type: "string" },
      prepare: { type: "boolean" },
      env: { type: "boolean" },
      down: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  if (values.help === true) return void process.stdout.write(usage);
  if (values.down === true) return endRehearsal({ log });
  if (process.getuid?.() !== 0)
    throw new Error(
      "the local cloud needs root: it boots hosts in namespaces of their own. Run it as root, or with sudo -E",
    );
  const { pulumi, environment } = await prepareRehearsal({ log });
  if (values.env === true) {
    const all = { ...environment, REHEARSAL_CONFIG: pulumi.options.configFile };
    for (const [name, value] of Object.entries(all))
      process.stdout.write(`export ${name}='${value.replaceAll("'", `'\\''`)}'\n`);
    return;
  }
  if (values.prepare === true) return;
  if (positionals[0] === "pair") {
    const flags = [
      ...(values.release === undefined ? [] : ["--release", values.release]),
      ...(values.schema === undefined ? [] : ["--schema", values.schema]),
    ];
    return pairMain([pulumi.options.stack, "--config-file", pulumi.options.configFile, ...flags]);
  }
  if (values.release !== undefined) await pulumi.setConfig("release", values.release);
  if (values.schema !== undefined) await pulumi.setConfig("schemaVersion", values.schema);
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

await main().catch((error: unknown) => {
  // Pulumi has said what is wrong already.
  if (!(error instanceof ExecaError))
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
