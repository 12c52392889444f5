import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

export interface GuardArgs {
  /**
   * Whatever an end of the stack would take from users or operators. Not the rollout: its phases have nothing to delete, and
   * the engine walks every path of this graph once something has failed, which took minutes with the phases among them.
   */
  guarded: pulumi.Resource[];
  isProtected: boolean;
}

/**
 * Stands last and does nothing. Pulumi refuses a protected resource only when its turn comes, and `destroy` begins with what
 * nothing depends on: without this, a `destroy` of a protected stack would take the host and its network before it came to
 * the database. The guard depends on all of it, so its turn comes first, and nothing else's comes after its refusal.
 */
export class Guard extends pulumi.ComponentResource {
  constructor(name: string, args: GuardArgs, opts?: pulumi.ComponentResourceOptions) {
    super("prompt-library:infra:Guard", name, {}, opts);
    new command.local.Command(
      `${name}-guard`,
      { create: "true" },
      { parent: this, protect: args.isProtected, dependsOn: args.guarded },
    );
    this.registerOutputs();
  }
}
