import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { type Phase, phases } from "../core/phases";

export interface RolloutArgs {
  /** What a reviewer should see change in a preview; never a secret. */
  headline: pulumi.Input<string>;
  /** All that the phases work with: content only, no path, time or token of the person who runs the program. */
  input: pulumi.Input<object>;
  /** The command line that runs one phase. */
  commandOf: (phase: Phase) => string;
}

/**
 * The phases as commands, each after the other. What a command is given decides whether it runs again: the input, and the result of
 * the phase before it, which carries the id of the run that made it. What ran again makes everything after it run again.
 *
 * A command that failed keeps its old input in Pulumi's state, so that the prior config would run it again too. A phase leaves alone
 * what already holds, so running again is cheap. Each runs as an update of its resource: a replacement does the same, and Pulumi
 * shows each of its three steps in lines of its own.
 */
export class Rollout extends pulumi.ComponentResource {
  /** What the last phase printed. */
  readonly result: pulumi.Output<string>;

  constructor(name: string, args: RolloutArgs, opts?: pulumi.ComponentResourceOptions) {
    super("prompt-library:infra:Rollout", name, {}, opts);
    const input = pulumi.secret(pulumi.output(args.input));
    let previous: command.local.Command | undefined;
    for (const phase of phases) {
      const follows: pulumi.Output<string> = previous?.stdout ?? pulumi.output("");
      const line = args.commandOf(phase);
      previous = new command.local.Command(
        `${name}-${phase}`,
        {
          create: line,
          update: line,
          stdin: pulumi
            .all([input, follows])
            .apply(([value, before]) => JSON.stringify({ input: value, follows: before }, sortKeys)),
          environment: { DEPLOYMENT: args.headline },
        },
        {
          parent: this,
          dependsOn: previous === undefined ? [] : [previous],
          additionalSecretOutputs: ["stdin"],
        },
      );
    }
    this.result = previous?.stdout ?? pulumi.output("");
    this.registerOutputs({ result: this.result });
  }
}

/** The same text for the same content, whatever order its keys were given in. */
function sortKeys(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
