import * as aws from "@pulumi/aws";
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { startInstanceCommand } from "./phase-command";

export interface DataVolumeArgs {
  /** Where it is made, and where the host must stay. */
  availabilityZone: pulumi.Input<string>;
  sizeGiB: number;
  instanceId: pulumi.Input<string>;
  instance: pulumi.Resource;
  region: string;
  /**
   * `protect`. Off means: `destroy` takes the files with it, but for a final snapshot, and so does a config that names no shared
   * directory any more, for which the host is stopped and started again.
   */
  isProtected: boolean;
}

/** The application's own files, on an encrypted volume that outlives hosts and releases. */
export class DataVolume extends pulumi.ComponentResource {
  /** Known once it is attached. */
  readonly volumeId: pulumi.Output<string>;
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: DataVolumeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("prompt-library:infra:DataVolume", name, {}, opts);
    const volume = new aws.ebs.Volume(
      `${name}-volume`,
      {
        availabilityZone: args.availabilityZone,
        size: args.sizeGiB,
        type: "gp3",
        encrypted: true,
        // Also of an unprotected stack: the provider can't change it later without changing the volume (it sends Amazon an
        // empty modification, which is refused), and a snapshot too many is cheaper than files that are gone.
        finalSnapshot: true,
        tags: { Name: name },
      },
      // A volume can't change its zone: another one would be made, empty.
      { parent: this, protect: args.isProtected, ignoreChanges: ["availabilityZone"] },
    );
    // Deleted after the attachment, whose end stops the host; not where the host goes too.
    const host = new command.local.Command(
      `${name}-host`,
      {
        create: "true",
        delete: startInstanceCommand,
        environment: { INSTANCE_ID: args.instanceId, AWS_REGION: args.region },
      },
      { parent: this, deletedWith: args.instance },
    );
    const attachment = new aws.ec2.VolumeAttachment(
      `${name}-attachment`,
      {
        deviceName: "/dev/sdf",
        volumeId: volume.id,
        instanceId: args.instanceId,
        // A host that is replaced is stopped first: it has the volume mounted, and two hosts can't have it.
        stopInstanceBeforeDetaching: true,
      },
      // Not protected itself: a host that is replaced hands its volume on.
      { parent: this, dependsOn: [host], deleteBeforeReplace: true },
    );
    // A config that names no shared directory any more is refused here, before the attachment ends and stops the host.
    new command.local.Command(
      `${name}-guard`,
      { create: "true" },
      { parent: this, dependsOn: [attachment], protect: args.isProtected },
    );
    this.volumeId = pulumi.all([volume.id, attachment.id]).apply(([id]) => id);
    this.arn = volume.arn;
    this.registerOutputs({ volumeId: this.volumeId, arn: this.arn });
  }
}
