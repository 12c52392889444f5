import { DescribeDBInstancesCommand, RDSClient, StopDBInstanceCommand } from "@aws-sdk/client-rds";
import { DeleteObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeCertificate } from "../../infra/cli/make-secrets";
import type { StepInput } from "../../infra/context/input";
import { backendUnit, hostPaths } from "../../infra/host/commands/paths";
import { artifactObject } from "../../infra/release/artifact/object";
import type { Rehearsal } from "../rehearsal/rehearsal";
import { asOwner } from "./as-owner";
import { until } from "./cloud-fixture";
import { deployed, servingRelease, stack } from "./deployed";
import { deployedInput, onHost } from "./steps";

/** Faults that happen to a stack between two deployments: `diagnose` names each, and what it prints fixes it. */
let rehearsal: Rehearsal;
let input: StepInput;
const s3 = () => new S3Client({ ...asOwner, forcePathStyle: true });
const rds = () => new RDSClient(asOwner);

beforeAll(async () => {
  rehearsal = await deployed("v1.1.0", 1);
  input = await deployedInput(rehearsal);
});

afterAll(async () => {
  if (rehearsal !== undefined) await deployed("v1.1.0", 1);
});

test("a database that was stopped; the host is looked at all the same, and the application connects again by itself", async () => {
  await rds().send(new StopDBInstanceCommand({ DBInstanceIdentifier: input.database.identifier }));
  await until("the database stopped", 60_000, async () => (await instanceStatus()) === "stopped");
  const found = await diagnose();
  expect(found.text).toContain(`RDS says that the database ${input.database.identifier} is stopped`);
  expect(found.text).toContain("slots: blue");
  expect(found.commands).toEqual([[`npm run diagnose -- ${stack} --start-database ${configFile()}`]]);
  await fix(found);
});

test("a lost link, HAProxy and backend stopped, a full disk: all at once, each with its command", async () => {
  const { app } = input.settings;
  const paths = hostPaths(app.name);
  const slot = (await onHost(input, `basename "$(readlink ${paths.current})"`)) as "blue" | "green";
  const size = await onHost(input, "df --output=size /tmp | tail -1");
  try {
    await onHost(
      input,
      `mount -o remount,size=64M /tmp
dd if=/dev/zero of=/tmp/left-by-a-test bs=1M count=60 status=none
systemctl stop haproxy ${backendUnit(app.name, slot)}
rm ${paths.current}`,
    );
    const found = await diagnose();
    const onTheHost = (command: string) => `npm run ssh -- ${stack} sudo ${command}`;
    expect(found.commands).toEqual(
      expect.arrayContaining([
        [onTheHost(`ln -sfn serving/${slot} ${paths.current}`), onTheHost("systemctl reload-or-restart haproxy")],
        [onTheHost("systemctl restart haproxy")],
        [onTheHost(`systemctl restart ${backendUnit(app.name, slot)}`)],
        [onTheHost("truncate -s 0 /tmp/left-by-a-test")],
      ]),
    );
    await fix(found);
    expect(await servingRelease(rehearsal)).toBe("v1.1.0");
  } finally {
    await onHost(input, `rm -f /tmp/left-by-a-test; mount -o remount,size=${size.trim()}k /tmp`);
  }
});

test("a certificate that is not the configured one, and an artifact that is gone", async () => {
  const paths = hostPaths(input.settings.app.name);
  const other = await makeCertificate(input.settings.network.publicName);
  const digest = await onHost(input, `jq -r .digest ${paths.state}/$(basename "$(readlink ${paths.current})").json`);
  await s3().send(new DeleteObjectCommand({ Bucket: input.bucket, Key: artifactObject(digest) }));
  const write = (path: string, text: string) => `base64 -d > ${path} <<<'${Buffer.from(text).toString("base64")}'`;
  await onHost(
    input,
    `${write(paths.tlsCertificate, other.certificate)}\n${write(paths.tlsPrivateKey, other.privateKey)}\nsystemctl reload nginx`,
  );
  const found = await diagnose();
  expect(found.text).toContain("shows another certificate than keys.tlsCertificate");
  expect(found.text).toContain(`the artifact of v1.1.0 is gone from s3://${input.bucket}`);
  // Both are put back by the same run.
  await fix({ ...found, commands: found.commands.slice(0, 1) });
});

type Found = { text: string; commands: string[][] };

/** What `diagnose` says, and the commands of each finding. */
async function diagnose(): Promise<Found> {
  const asked = await execa("bash", ["-c", `npm run --silent diagnose -- ${stack} ${configFile()} --json`], {
    reject: false,
    stdin: "ignore",
    env: rehearsal.environment,
  });
  const sections = JSON.parse(asked.stdout) as {
    title: string;
    asked: { question: string; answer: string }[];
    findings: { what: string; means: string; command: string }[];
  }[];
  const findings = sections.flatMap((section) => section.findings);
  const answers = sections.flatMap((section) => section.asked);
  return {
    text: [
      ...findings.map(({ what }) => what),
      ...answers.map(({ question, answer }) => `${question}: ${answer}`),
    ].join("\n"),
    commands: findings.map(({ command }) => command.split("\n")),
  };
}

/** Pastes what was printed, and expects that nothing is found any more. */
async function fix({ commands }: Found): Promise<void> {
  await run(commands.flat());
  await until("nothing found any more", 60_000, async () => {
    const { text, commands: left } = await diagnose();
    if (left.length > 0) throw new Error(text);
    return true;
  });
}

async function run(commands: readonly string[]): Promise<void> {
  for (const command of commands) {
    const done = await execa("bash", ["-c", command], {
      reject: false,
      all: true,
      stdin: "ignore",
      env: { ...rehearsal.environment, PULUMI_SKIP_CONFIRMATIONS: "true" },
    });
    process.stderr.write(`$ ${command}\n${done.all}\n`);
    // A diagnosis that still finds something else ends with 1.
    if (!command.startsWith("npm run diagnose")) expect(done.exitCode, `${command}\n${done.all}`).toBe(0);
  }
}

function configFile(): string {
  return `--config-file ${rehearsal.pulumi.options.configFile}`;
}

async function instanceStatus(): Promise<string | undefined> {
  const asked = new DescribeDBInstancesCommand({ DBInstanceIdentifier: input.database.identifier });
  return (await rds().send(asked)).DBInstances?.[0]?.DBInstanceStatus;
}
