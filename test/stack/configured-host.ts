import { readFile } from "node:fs/promises";
import { execa } from "execa";
import { parse } from "yaml";
import { makeCertificate, makeHexKey, makePassword } from "../../infra/cli/make-secrets";
import type { StepInput } from "../../infra/context/input";
import { newSigningKeys } from "../../infra/report/sign";
import { parseSettings } from "../../infra/settings/settings";
import type { Cloud } from "../cloud/cloud";
import type { TestHost } from "./cloud-fixture";

/** The host's own key, read as the program reads it: from the console, before anybody connects. */
export async function keyOnConsole(cloud: Cloud, host: TestHost): Promise<string> {
  const { stdout } = await execa("node", ["--import", "tsx", "infra/stack/read-host-key.ts"], {
    env: { ...cloud.environment, INSTANCE_ID: host.instanceId, AWS_REGION: "us-east-1" },
    timeout: 60_000,
  });
  return stdout;
}

/** What the phases of a rehearsal would be given on such a host, with keys and secrets of its own and a database that is not there. */
export async function inputOn(host: TestHost, publicKey: string, operatorKey: string): Promise<StepInput> {
  const { config } = parse(await readFile("Pulumi.rehearsal.yaml", "utf8")) as { config: Record<string, unknown> };
  const { "aws:region": _region, ...own } = config;
  const raw = Object.fromEntries(
    Object.entries(own).map(([key, value]) => [key.replace("prompt-library:", ""), value]),
  );
  const publicName = (raw.network as { publicName: string }).publicName;
  const [tls, report] = [await makeCertificate(publicName), newSigningKeys()];
  const passwords = ["master", "owner", "app", "readonly", "check", "admin"].map((name) => [
    `${name}Password`,
    makePassword(),
  ]);
  const settings = parseSettings(
    {
      ...raw,
      keys: {
        ssh: (await readFile(`${operatorKey}.pub`, "utf8")).trim(),
        tlsCertificate: tls.certificate,
        report: report.publicKey,
      },
      secrets: {
        ...Object.fromEntries(passwords),
        sshPrivateKey: await readFile(operatorKey, "utf8"),
        tlsPrivateKey: tls.privateKey,
        reportPrivateKey: report.privateKey,
        app: { JWT_SECRET: makeHexKey(), ENCRYPTION_KEY: makeHexKey() },
      },
    },
    "rehearsal",
  );
  return {
    stack: "rehearsal",
    release: { name: settings.release, commit: "0".repeat(40) },
    migrations: "",
    host: { id: host.instanceId, address: host.address, publicKey },
    database: {
      identifier: "none",
      lineage: "none",
      address: "none.example",
      port: 5432,
      name: settings.database.name,
      certificateAuthority: tls.certificate,
    },
    publicAuthority: null,
    dataVolume: null,
    bucket: "none",
    monitoring: { dashboard: "none", alarms: [] },
    topicArn: "none",
    settings,
  };
}
