import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { parseSettings, type Settings } from "../../infra/settings/settings";
import type { IssuedCertificate } from "../rehearsal/certificates";

type Raw = Record<string, unknown>;

export type FrontChanges = { network?: Raw; app?: Raw };

/** The rehearsal's settings with what `npm run init` adds, for the files of a host that stands nowhere. */
export function frontSettings(issued: IssuedCertificate, changes: FrontChanges): Settings {
  const { config } = parse(readFileSync("Pulumi.rehearsal.yaml", "utf8")) as { config: Raw };
  const own = Object.fromEntries(
    Object.entries(config).flatMap(([key, value]) =>
      key.startsWith("prompt-library:") ? [[key.slice("prompt-library:".length), value]] : [],
    ),
  ) as Record<string, Raw>;
  const key = "-----BEGIN PRIVATE KEY-----";
  const password = "a-password-of-enough-length";
  const raw = {
    ...own,
    network: { ...own.network, ...changes.network },
    app: { ...own.app, ...changes.app },
    keys: {
      ssh: "ssh-ed25519 AAAA",
      tlsCertificate: issued.certificate,
      report: "-----BEGIN PUBLIC KEY-----",
    },
    secrets: {
      masterPassword: password,
      ownerPassword: password,
      appPassword: password,
      readonlyPassword: password,
      checkPassword: password,
      adminPassword: password,
      sshPrivateKey: key,
      reportPrivateKey: key,
      tlsPrivateKey: issued.privateKey,
      app: { JWT_SECRET: password, ENCRYPTION_KEY: password },
    },
  };
  return parseSettings(raw, "rehearsal");
}
