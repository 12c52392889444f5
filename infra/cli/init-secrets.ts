import { dirname } from "node:path";
import { Failure } from "../core/failure";
import { newSigningKeys } from "../report/sign";
import type { Ask } from "./ask";
import { type KeyPair, makeCertificate, makeHexKey, makePassword, makeSshKeyPair } from "./make-secrets";
import { askPulumi } from "./pulumi";
import { StackConfig } from "./stack-config";

export type InitOptions = {
  stack: string;
  configFile?: string;
  /** Asks the operator; without it, whatever would be asked for is made. */
  ask?: Ask;
  /** Where the public name's certificate comes from; without it, from itself. */
  certify?: (publicName: string) => Promise<{ certificate: string; privateKey: string }>;
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
  // Pulumi writes the stack's salt beside the nearest Pulumi.yaml: a file elsewhere has a copy of it beside itself.
  const place = options.configFile === undefined ? {} : { cwd: dirname(options.configFile) };
  const selected = await askPulumi(["stack", "init", stack], place);
  if (!selected.isGood && !/already exists/.test(selected.stderr))
    throw new Error(`pulumi stack init ${stack}: ${selected.stderr}`);
  log(selected.isGood ? `created the stack ${stack}` : `the stack ${stack} exists`);

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
  const asked = (question: string, rule: RegExp, make: () => string) => async () => {
    const check = async (answer: string) =>
      answer === "" || rule.test(answer) ? undefined : `must be empty, or match ${rule.source}`;
    return (await options.ask?.(question, { isSecret: true, check })) || make();
  };

  for (const name of ["masterPassword", "ownerPassword", "appPassword", "readonlyPassword", "checkPassword"])
    await put(`secrets.${name}`, makePassword);
  await pair("secrets.sshPrivateKey", "keys.ssh", () => makeSshKeyPair(`${stack} deployment`));
  await pair("secrets.reportPrivateKey", "keys.report", newSigningKeys);
  await put(
    "secrets.adminPassword",
    asked("Password of the application's admin (empty: a new one is created)", /^.{8,}$/, makePassword),
  );
  await put("secrets.app.JWT_SECRET", makeHexKey);
  await put(
    "secrets.app.ENCRYPTION_KEY",
    asked(
      "ENCRYPTION_KEY of the application. If it has stored connections, give ITS key: another one may delete them (empty: a new one is created)",
      /^[0-9a-f]{64}$/i,
      makeHexKey,
    ),
  );
  if (!(await config.has("keys.tlsCertificate"))) {
    const network = (await config.read()).network as { publicName?: string } | undefined;
    if (network?.publicName === undefined)
      throw new Failure(
        "settings-wrong",
        "prompt-library:network.publicName is missing",
        "pulumi config set --path network.publicName NAME, then run this again",
      );
    const made = await (options.certify ?? makeCertificate)(network.publicName);
    await config.set("keys.tlsCertificate", made.certificate, { isSecret: false });
    await config.set("secrets.tlsPrivateKey", made.privateKey, { isSecret: true });
    log(
      `set keys.tlsCertificate for ${network.publicName} and secrets.tlsPrivateKey (secret)${options.certify === undefined ? "; it is signed by itself: put an authority's in its place for real users" : ""}`,
    );
  }
}
