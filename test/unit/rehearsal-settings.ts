import { readFileSync } from "node:fs";
import { parse } from "yaml";

export type Raw = Record<string, unknown>;

/** A stack's file as the program reads it, and what `npm run init` adds. */
export function stackFile(stack: string): Raw {
  const { config } = parse(readFileSync(`Pulumi.${stack}.yaml`, "utf8")) as { config: Raw };
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key.replace("prompt-library:", ""), value]));
}

export const made: Raw = {
  keys: {
    ssh: "ssh-ed25519 AAAA",
    tlsCertificate: "-----BEGIN CERTIFICATE-----",
    report: "-----BEGIN PUBLIC KEY-----",
  },
  secrets: {
    ...Object.fromEntries(
      ["masterPassword", "ownerPassword", "appPassword", "readonlyPassword", "checkPassword"].map((name) => [
        name,
        "a-password-of-enough-length",
      ]),
    ),
    ...Object.fromEntries(
      ["sshPrivateKey", "tlsPrivateKey", "reportPrivateKey"].map((name) => [name, "-----BEGIN PRIVATE KEY-----"]),
    ),
    adminPassword: "a-password-of-enough-length",
    app: { JWT_SECRET: "x", ENCRYPTION_KEY: "y" },
  },
};

/** The rehearsal's settings before they are parsed, with what `npm run init` adds. */
export function rehearsalSettings(changes: Raw = {}): Raw {
  const { "aws:region": _region, ...own } = stackFile("rehearsal");
  return { ...own, ...made, ...changes };
}
