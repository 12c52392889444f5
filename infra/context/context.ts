import { randomBytes } from "node:crypto";
import type { Phase } from "../core/phases";
import { type Progress, progressOf } from "../core/progress";
import { hostPaths } from "../host/commands/paths";
import { RemoteHost } from "../host/remote-host";
import { redact } from "../report/redact";
import { connectAs } from "./database-connection";
import type { StepInput } from "./input";
import { secretsOf } from "./secrets";
import type { StepContext } from "./step";

/**
 * What a phase works with, or a command that looks at a stack between two deployments as that phase would.
 * The caller closes `host`.
 */
export function openContext(phase: Phase, input: StepInput, startedAt: Date, name: string = phase): StepContext {
  const { settings } = input;
  const said = progressOf(name, startedAt.getTime());
  const secrets = secretsOf(input);
  const host = new RemoteHost(
    { address: input.host.address, user: settings.host.sshUser, publicKey: input.host.publicKey },
    settings.secrets.sshPrivateKey,
  );
  const progress: Progress = (message) => said(redact(message, secrets));
  return {
    phase,
    runId: `${startedAt.toISOString().replace(/[-:.]/g, "")}-${randomBytes(3).toString("hex")}`,
    input,
    paths: hostPaths(settings.app.name),
    host,
    progress,
    notice: progress,
    connect: (role, limit) => connectAs(role, host, input, limit),
    boxes: [],
    details: {},
  };
}
