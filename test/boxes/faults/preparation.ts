import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import type { BoxId } from "../../../infra/checklist/boxes";
import type { BoxResult, Proof } from "../../../infra/checklist/result";
import { makeCertificate } from "../../../infra/cli/make-secrets";
import type { StepContext } from "../../../infra/context/step";
import { Failure } from "../../../infra/core/failure";
import { describeAutomatedBackups } from "../../../infra/database/backup/automated";
import { certificates } from "../../../infra/phases/preflight/checks/certificates";
import { credentials, serverVersion } from "../../../infra/phases/preflight/checks/database";
import { externalApis } from "../../../infra/phases/preflight/checks/external-apis";
import { nodeVersion, redis } from "../../../infra/phases/preflight/checks/programs";
import {
  apiDocumented,
  compatibility,
  environmentSet,
  mergedAndTested,
} from "../../../infra/phases/preflight/checks/release";
import { target } from "../../../infra/phases/preflight/checks/target";
import { insideWindow } from "../../../infra/settings/maintenance-window";
import type { Fault } from "../fault";
import { contextIn, proving, type Surroundings, withCloud } from "../phase";

const checked = async (
  id: BoxId,
  check: (context: StepContext) => Promise<string> | string,
  around: Surroundings = {},
): Promise<BoxResult> => {
  const context = await contextIn("preflight", around);
  return proving(id, async (): Promise<Proof> => check(context));
};

/** A release on a branch of its own, with nothing in it but a file. */
async function withRelease(id: BoxId, check: (context: StepContext) => Promise<string>): Promise<BoxResult> {
  const repository = await mkdtemp(join(tmpdir(), "release-"));
  const git = (...words: string[]) =>
    execa("git", ["-c", "user.name=Ada", "-c", "user.email=ada@desk.example", ...words], { cwd: repository });
  try {
    await git("init", "-q", "-b", "wip");
    await writeFile(join(repository, ".env.example"), "A_VARIABLE_THAT_NOTHING_SETS=\n");
    await git("add", ".");
    await git("commit", "-q", "-m", "Begin");
    const commit = (await git("rev-parse", "HEAD")).stdout;
    return await checked(id, check, {
      release: { name: "v1.2.0", commit },
      settings: {
        "app.repository": repository,
        "preflight.variablesFile": ".env.example",
        "documents.api": "release:docs/api.md",
      },
    });
  } finally {
    await rm(repository, { recursive: true, force: true });
  }
}

const identity = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::999999999999:user/ada</Arn><UserId>A</UserId><Account>999999999999</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`;

export const preparationFaults = {
  "PRE-1.1": {
    fault: "the credentials are those of another account",
    becomes: "failed",
    run: () => withCloud({ GetCallerIdentity: identity }, () => checked("PRE-1.1", target)),
  },
  "PRE-1.2": {
    fault: "the database refuses a role's password",
    becomes: "failed",
    run: () => {
      const noDatabase = new Failure("login-refused", "password authentication failed", "set it again");
      return checked("PRE-1.2", credentials, { noDatabase });
    },
  },
  "PRE-1.3": {
    fault: "the release is declared for no schema",
    becomes: "failed",
    run: () => checked("PRE-1.3", compatibility, { settings: { "app.compatibility": {} } }),
  },
  "PRE-1.4": {
    fault: "RDS says that the instance's disk is full",
    becomes: "failed",
    run: () => {
      const now = new Date();
      const instance = { DBInstanceStatus: "storage-full", BackupRetentionPeriod: 7, LatestRestorableTime: now };
      return proving("PRE-1.4", () => describeAutomatedBackups(instance, now));
    },
  },
  "PRE-1.5": {
    fault: "it is Sunday, and the window is Monday's",
    becomes: "failed",
    run: () =>
      proving("PRE-1.5", () =>
        insideWindow({ days: ["Mon"], fromUtc: "20:00", toUtc: "22:00" }, new Date("2026-11-22T21:00:00Z")),
      ),
  },
  "PRE-3.1": {
    fault: "the commit is on no release branch",
    becomes: "failed",
    run: () => withRelease("PRE-3.1", mergedAndTested),
  },
  "PRE-3.2": {
    fault: "a version on the way has no verify script",
    becomes: "failed",
    shownBy: [
      "unit/migration-readiness",
      "a version on the way that lacks something is refused by name; one that is not on the way is not",
    ],
  },
  "PRE-3.3": {
    fault: "the release declares a variable that nothing sets",
    becomes: "failed",
    run: () => withRelease("PRE-3.3", environmentSet),
  },
  "PRE-3.4": {
    fault: "the release carries no API document",
    becomes: "failed",
    run: () => withRelease("PRE-3.4", apiDocumented),
  },
  "PRE-3.5": {
    fault: "nobody has rehearsed the pair, and config requires it",
    becomes: "failed",
    shownBy: [
      "stack/backup-gate",
      "is asked for the pair's rehearsal, which a copy of its own makes: there, back and there again, in preflight's words",
    ],
  },
  "PRE-4.1": {
    fault: "the artifact carries Node.js 16",
    becomes: "failed",
    run: () => checked("PRE-4.1", nodeVersion, { settings: { "app.build.nodeVersion": "16.20.0" } }),
  },
  "PRE-4.2": {
    fault: "the server is PostgreSQL 12",
    becomes: "failed",
    run: () =>
      checked("PRE-4.2", serverVersion, { rows: { server_version_num: [{ number: "120018", version: "12.18" }] } }),
  },
  "PRE-4.3": {
    fault: "Redis is still loading its data",
    becomes: "failed",
    run: () =>
      checked("PRE-4.3", redis, { host: { "asking Redis": "LOADING Redis is loading the dataset in memory" } }),
  },
  "PRE-4.4": {
    fault: "the certificate bears another name, and the database shows none",
    becomes: "failed",
    run: async () => {
      const { certificate, privateKey } = await makeCertificate("other.example");
      const settings = { "keys.tlsCertificate": certificate, "secrets.tlsPrivateKey": privateKey };
      return checked("PRE-4.4", certificates, { settings });
    },
  },
  "PRE-4.5": {
    fault: "the host does not reach an external API",
    becomes: "failed",
    run: () =>
      checked("PRE-4.5", externalApis, {
        settings: { "preflight.externalApis": [{ host: "api.example", port: 443 }] },
        host: { "reaching the external APIs": "api.example:443 is not reached: Connection refused" },
      }),
  },
} satisfies Partial<Record<BoxId, Fault>>;
