import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export interface PublicAddressArgs {
  allocationId: pulumi.Input<string>;
  instanceId: pulumi.Input<string>;
  instance: pulumi.Resource;
  /** What has to end well first: users are led to a host that serves. */
  after: pulumi.Resource;
}

/** Leads users to the host, as the last thing of a deployment: a host that replaces another one serves before they reach it. */
export class PublicAddress extends pulumi.ComponentResource {
  /** Known once users are led to the host. */
  readonly associationId: pulumi.Output<string>;

  constructor(name: string, args: PublicAddressArgs, opts?: pulumi.ComponentResourceOptions) {
    super("prompt-library:infra:PublicAddress", name, {}, opts);
    const association = new aws.ec2.EipAssociation(
      `${name}-association`,
      // The old host keeps the address until this moment.
      { allocationId: args.allocationId, instanceId: args.instanceId, allowReassociation: true },
      // It ends with the host: a destroy that is refused leaves users where they are.
      { parent: this, dependsOn: [args.after], deletedWith: args.instance },
    );
    this.associationId = association.id;
    this.registerOutputs({ associationId: this.associationId });
  }
}
