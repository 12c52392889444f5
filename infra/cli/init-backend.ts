import { Failure } from "../core/failure";
import type { Ask } from "./ask";
import { askPulumi, tellPulumi } from "./pulumi";

/**
 * Makes sure that Pulumi knows where states are kept and can encrypt a stack's secrets.
 * @throws Error naming the command or variable that is missing, where nobody can be asked
 */
export async function connectBackend(ask: Ask | undefined, log: (row: string) => void): Promise<void> {
  let known = await askPulumi(["whoami", "--json", "--verbose"]);
  if (!known.isGood) {
    if (ask === undefined)
      throw new Failure(
        "pulumi-not-logged-in",
        "Pulumi is not logged in, so nobody knows where states are kept",
        "pulumi login s3://BUCKET for a team, pulumi login file://~ for this machine alone",
      );
    const url = await ask("Where Pulumi keeps states (s3://BUCKET for a team; file://~ for this machine alone)", {
      default: "file://~",
      check: async (answer) => ((await askPulumi(["login", answer])).isGood ? undefined : "pulumi can't log in there"),
    });
    log(`logged in to ${url}`);
    known = { ...known, isGood: true, stdout: await tellPulumi(["whoami", "--json", "--verbose"]) };
  }
  const { url = "" } = JSON.parse(known.stdout) as { url?: string };
  const encryptsItself = url.startsWith("http");
  const { PULUMI_CONFIG_PASSPHRASE: passphrase, PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile } = process.env;
  if (encryptsItself || passphrase !== undefined || passphraseFile !== undefined) return;
  if (ask === undefined)
    throw new Failure(
      "passphrase-missing",
      "nothing says how to encrypt the stack's secrets",
      "export PULUMI_CONFIG_PASSPHRASE_FILE=FILE, which holds a passphrase that the team keeps",
    );
  process.env.PULUMI_CONFIG_PASSPHRASE = await ask("Passphrase that encrypts the stack's secrets; keep it", {
    isSecret: true,
    check: async (answer) => (answer.length >= 12 ? undefined : "must have 12 characters or more"),
  });
  log("export PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE, for every later command too");
}
