import { dirname } from "node:path";
import { createInterface } from "node:readline/promises";
import { runProgram } from "../core/program";
import { newSigningKeys } from "../report/sign";
import { type KeyPair, makeCertificate, makeHexKey, makePassword, makeSshKeyPair } from "./make-secrets";
import { StackConfig } from "./stack-config";

export type InitOptions = {
  stack: string;
  configFile?: string;
  /** Asks the operator; without it, whatever would be asked for is made. */
  ask?: (question: string) => Promise<string>;
  log: (line: string) => void;
};

/**
 * Makes the stack where it does not exist, and every secret and key that it still lacks. What is there is never touched,
 * so running it again is safe.
 * @throws Error when Pulumi's own command fails, with what it said
 */
export async function initStack(options: InitOptions): Promise<void> {
  const { stack, log } = options;
  const config = new StackConfig(stack, options.configFile);
  const selected = await runProgram("pulumi", ["stack", "init", stack, "--non-interactive"], {
    timeoutMs: 120_000,
    // Pulumi writes the stack's salt beside the nearest Pulumi.yaml: a file elsewhere has a copy of it beside itself.
    ...(options.configFile === undefined ? {} : { cwd: dirname(options.configFile) }),
  });
  if (selected.exitCode !== 0 && !/already exists/.test(selected.stderr))
    throw new Error(`pulumi stack init ${stack} ${selected.how}: ${selected.stderr.trim()}`);
  log(selected.exitCode === 0 ? `made the stack ${stack}` : `the stack ${stack} is there`);

  const put = async (path: string, make: () => Promise<string> | string, isSecret = true) => {
    if (await config.has(path)) return;
    await config.set(path, await make(), { isSecret });
    log(`set ${path}${isSecret ? " (secret)" : ""}`);
  };
  const pair = async (privatePath: string, publicPath: string, make: () => Promise<KeyPair> | KeyPair) => {
    if ((await config.has(privatePath)) && (await config.has(publicPath))) return;
    const made = await make();
    await config.set(privatePath, made.privateKey, { isSecret: true });
    await config.set(publicPath, made.publicKey, { isSecret: false });
    log(`set ${publicPath} and ${privatePath} (secret)`);
  };
  const asked = (question: string, make: () => string) => async () => (await options.ask?.(question))?.trim() || make();

  for (const name of ["masterPassword", "ownerPassword", "appPassword", "readonlyPassword", "checkPassword"])
    await put(`secrets.${name}`, makePassword);
  await pair("secrets.sshPrivateKey", "keys.ssh", () => makeSshKeyPair(`${stack} deployment`));
  await pair("secrets.reportPrivateKey", "keys.report", newSigningKeys);
  await put(
    "secrets.adminPassword",
    asked("Password of the application's admin (empty: a new one is made): ", makePassword),
  );
  await put("secrets.app.JWT_SECRET", makeHexKey);
  await put(
    "secrets.app.ENCRYPTION_KEY",
    asked(
      "ENCRYPTION_KEY of the application, 64 hexadecimal digits. If it has stored connections, give ITS key: another one may delete them (empty: a new one is made): ",
      makeHexKey,
    ),
  );
  if (!(await config.has("keys.tlsCertificate"))) {
    const network = (await config.read()).network as { publicName?: string } | undefined;
    if (network?.publicName === undefined)
      throw new Error(
        "prompt-library:network.publicName is missing. Remedy: pulumi config set --path network.publicName NAME, then run this again",
      );
    const made = await makeCertificate(network.publicName);
    await config.set("keys.tlsCertificate", made.certificate, { isSecret: false });
    await config.set("secrets.tlsPrivateKey", made.privateKey, { isSecret: true });
    log(
      `set keys.tlsCertificate, signed by itself for ${network.publicName}, and secrets.tlsPrivateKey (secret); put an authority's in their place for real users`,
    );
  }
}

async function main(): Promise<void> {
  const stack = process.argv[2];
  if (stack === undefined || stack.startsWith("-")) throw new Error("usage: npm run init -- STACK");
  const terminal = process.stdin.isTTY ? createInterface({ input: process.stdin, output: process.stderr }) : undefined;
  try {
    await initStack({
      stack,
      log: (row) => void process.stderr.write(`init  ${row}\n`),
      ...(terminal && { ask: (question) => terminal.question(question) }),
    });
  } finally {
    terminal?.close();
  }
}

if (process.argv[1]?.endsWith("init.ts")) {
  await main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
