import { z } from "zod";
import { readInput, type StepInput } from "../context/input";
import { Failure } from "../core/failure";
import { askPulumi } from "./pulumi";

/** What this program reads of `pulumi stack export --show-secrets`; everything else in it is left unread. */
const exportSchema = z.object({
  deployment: z.object({
    resources: z
      .array(
        z.object({
          urn: z.string(),
          type: z.string(),
          modified: z.string().optional(),
          inputs: z.record(z.string(), z.unknown()).optional(),
          outputs: z.record(z.string(), z.unknown()).optional(),
        }),
      )
      .default([]),
    pending_operations: z.array(z.object({ type: z.string(), resource: z.object({ urn: z.string() }) })).default([]),
  }),
});

export type StackState = z.infer<typeof exportSchema>["deployment"];

/** What a killed program was doing to a resource. */
export type PendingOperation = { operation: string; urn: string };

/** @throws Error saying what to do when the stack is not there, or can't be decrypted */
export async function readStackState(stack: string): Promise<StackState> {
  const done = await askPulumi(["stack", "export", "--show-secrets", "--stack", stack]);
  if (done.isGood) return exportSchema.parse(JSON.parse(done.stdout)).deployment;
  throw new Failure(
    "state-unreadable",
    `the state of the stack ${stack} could not be read: ${done.stderr}`,
    "pulumi stack ls shows the stacks of this backend; PULUMI_BACKEND_URL and PULUMI_CONFIG_PASSPHRASE must be those of the deployment",
  );
}

/**
 * What the stack's phases were given last, whether the deployment ended well or not: the newest phase's own input, else the
 * output that a good deployment leaves.
 * @returns undefined where no phase was ever completed
 */
export function inputOf(state: StackState): StepInput | undefined {
  const commands = state.resources
    .filter((resource) => resource.type === "command:local:Command")
    .sort((a, b) => Date.parse(b.modified ?? "") - Date.parse(a.modified ?? ""));
  for (const command of commands) {
    const stdin = openSecret(command.inputs?.stdin);
    if (typeof stdin === "string") return readInput((JSON.parse(stdin) as { input: unknown }).input);
  }
  const output = openSecret(
    state.resources.find((resource) => resource.type === "pulumi:pulumi:Stack")?.outputs?.deployment,
  );
  return output === undefined ? undefined : readInput(output);
}

/** A plain output of the last good deployment. */
export function outputOf(state: StackState, name: string): string | undefined {
  const value = openSecret(
    state.resources.find((resource) => resource.type === "pulumi:pulumi:Stack")?.outputs?.[name],
  );
  return typeof value === "string" ? value : undefined;
}

export function pendingOf(state: StackState): PendingOperation[] {
  return state.pending_operations.map(({ type, resource }) => ({ operation: type, urn: resource.urn }));
}

/** A secret as `--show-secrets` writes it: the marker of a secret, and its JSON in `plaintext`. */
function openSecret(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("plaintext" in value)) return value;
  return typeof value.plaintext === "string" ? (JSON.parse(value.plaintext) as unknown) : undefined;
}
