import { createHash } from "node:crypto";
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { type Phase, phases } from "../core/phases";

export interface RolloutArgs {
  /** What a reviewer should see change in a preview; never a secret. */
  headline: Record<string, pulumi.Input<string | number>>;
  /** All that the phases work with: content only, no path, time or token of whoever runs the program. */
  input: pulumi.Input<object>;
  /** The command line that runs one phase. */
  commandOf: (phase: Phase) => string;
}

/**
 * The phases as commands, each after the other.
 *
 * A command that failed keeps its old inputs in Pulumi's state, so inputs alone can't say what has to run. Each phase's
 * result therefore carries the id of the run that made it and is among the triggers of the next: what ran again makes
 * everything after it run again. A phase leaves alone what already holds, so running again is cheap.
 */
export class Rollout extends pulumi.ComponentResource {
  /** The last phase's result, JSON. */
  readonly result: pulumi.Output<string>;

  constructor(name: string, args: RolloutArgs, opts?: pulumi.ComponentResourceOptions) {
    super("prompt-library:infra:Rollout", name, {}, opts);
    const input = pulumi.secret(pulumi.output(args.input));
    const digest = pulumi.unsecret(input.apply(digestOf));
    let previous: command.local.Command | undefined;
    for (const phase of phases) {
      const follows: pulumi.Output<string> = previous?.stdout ?? pulumi.output("");
      previous = new command.local.Command(
        `${name}-${phase}`,
        {
          create: args.commandOf(phase),
          stdin: pulumi
            .all([input, follows])
            .apply(([value, before]) => JSON.stringify({ input: value, follows: before })),
          triggers: [args.headline, digest, follows],
        },
        {
          parent: this,
          dependsOn: previous === undefined ? [] : [previous],
          // Without a delete command a replacement deletes nothing; with one, it would run after the new create.
          additionalSecretOutputs: ["stdin"],
        },
      );
    }
    this.result = previous?.stdout ?? pulumi.output("");
    this.registerOutputs({ result: this.result });
  }
}

/** The same for the same content, whatever order its keys were given in. */
function digestOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value, sortKeys)).digest("hex");
}

function sortKeys(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
