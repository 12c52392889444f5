import { execa } from "execa";
import { stackInput } from "../../infra/cli/stack-input";
import { openContext } from "../../infra/context/context";
import type { StepInput } from "../../infra/context/input";
import type { StepContext, StepOutcome } from "../../infra/context/step";
import type { Phase } from "../../infra/core/phases";
import { loadStep } from "../../infra/phases/steps";
import { resolveRelease } from "../../infra/release/release";
import { builtRelease } from "../app/build";
import type { Rehearsal } from "../rehearsal/rehearsal";

/** What the stack's phases were given at its last deployment. */
export async function deployedInput(rehearsal: Rehearsal): Promise<StepInput> {
  return stackInput(rehearsal.pulumi.options.stack);
}

/**
 * The same for another release, with short times. The artifact is packed from the sample application's own build cache: what
 * these tests look at begins once it is built.
 */
export async function inputFor(input: StepInput, release: string): Promise<StepInput> {
  const { app } = input.settings;
  const built = await builtRelease(release);
  return {
    ...input,
    release: await resolveRelease(release, app.repository),
    settings: {
      ...input.settings,
      release,
      app: {
        ...app,
        build: {
          ...app.build,
          commands: [`cp -a ${built}/interface/. .`, "npm prune --omit=dev --no-fund --no-audit --offline"],
        },
        backend: { ...app.backend, startTimeoutSeconds: 6, drainTimeoutSeconds: 8 },
      },
      verification: { ...input.settings.verification, bakeSeconds: 4 },
    },
  };
}

/** Runs one phase as `pulumi up` does, in this process. */
export async function runStep(phase: Phase, input: StepInput): Promise<StepOutcome & { context: StepContext }> {
  const context = openContext(phase, input, new Date());
  try {
    return { ...(await (await loadStep[phase]())(context)), context };
  } finally {
    await context.host.close();
  }
}

/** Runs a script as root on the stack's host. */
export async function onHost(input: StepInput, script: string): Promise<string> {
  const { host } = openContext("preflight", input, new Date());
  try {
    return await host.run("looking at the host", script);
  } finally {
    await host.close();
  }
}

/** The application counts requests of each client, and all of a test's come from one. */
export async function forgetRateLimit(input: StepInput): Promise<void> {
  await onHost(input, "redis-cli --scan --pattern 'rate:*' | xargs -r redis-cli del >/dev/null");
}

/** Runs one phase in a process of its own, which a test may kill. */
export function stepProcess(phase: Phase, input: StepInput) {
  return execa("node", ["--import", "tsx", "infra/phases/main.ts", phase], {
    input: JSON.stringify({ input, follows: "" }),
    env: { NODE_NO_WARNINGS: "1", DEPLOYMENT_PROGRESS: "all" },
    all: true,
    reject: false,
  });
}
