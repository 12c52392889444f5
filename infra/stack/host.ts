import * as aws from "@pulumi/aws";
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { userData } from "../host/commands/user-data";
import { readHostKeyCommand } from "./phase-command";
import { serviceTrust } from "./policies";

export interface HostArgs {
  /** Its AWS account. */
  account: string;
  application: string;
  region: string;
  subnetId: pulumi.Input<string>;
  securityGroupId: pulumi.Input<string>;
  imageOwner: string;
  imageName: string;
  instanceType: string;
  rootVolumeGiB: number;
  /** OpenSSH public key of the person who deploys. */
  sshPublicKey: string;
  /** The host may read what is stored in `artifacts/` there, and nothing else of it. */
  artifactBucketArn: pulumi.Input<string>;
  /** The way to the internet: a host that boots before it stands finds no packages. */
  internet: pulumi.Resource[];
  isProtected: boolean;
}

/** One Debian 12 instance with an address that outlives it. */
export class Host extends pulumi.ComponentResource {
  readonly instanceId: pulumi.Output<string>;
  /** What an end of the stack takes with it. */
  readonly instance: pulumi.Resource;
  /** The elastic address. It leads here once `PublicAddress` has moved it. */
  readonly address: pulumi.Output<string>;
  readonly addressAllocation: pulumi.Output<string>;
  /** The SSH key that it made for itself, pinned here: whoever has the stack's state connects to this host and no other. */
  readonly publicKey: pulumi.Output<string>;

  constructor(name: string, args: HostArgs, opts?: pulumi.ComponentResourceOptions) {
    super("prompt-library:infra:Host", name, {}, opts);
    const parent = { parent: this };
    const image = pulumi.output(
      aws.ec2.getAmi(
        { owners: [args.imageOwner], mostRecent: true, filters: [{ name: "name", values: [args.imageName] }] },
        parent,
      ),
    );
    const role = new aws.iam.Role(
      `${name}-role`,
      { assumeRolePolicy: JSON.stringify(serviceTrust("ec2.amazonaws.com", args.account)) },
      parent,
    );
    const policy = new aws.iam.RolePolicy(
      `${name}-artifacts`,
      {
        role: role.name,
        policy: pulumi.jsonStringify({
          Version: "2012-10-17",
          Statement: [
            {
              Effect: "Allow",
              Action: "s3:GetObject",
              Resource: pulumi.interpolate`${args.artifactBucketArn}/artifacts/*`,
            },
          ],
        }),
      },
      parent,
    );
    const profile = new aws.iam.InstanceProfile(`${name}-profile`, { role: role.name }, parent);
    // By a fixed name, and no output of it is used: a host is replaced with its key pair's name, or once that is not known in advance.
    const key = new aws.ec2.KeyPair(
      `${name}-key`,
      { keyName: name, publicKey: args.sshPublicKey },
      { ...parent, deleteBeforeReplace: true },
    );
    const address = new aws.ec2.Eip(`${name}-address`, { domain: "vpc", tags: { Name: name } }, parent);
    const instance = new aws.ec2.Instance(
      `${name}-instance`,
      {
        ami: image.id,
        instanceType: args.instanceType,
        subnetId: args.subnetId,
        vpcSecurityGroupIds: [args.securityGroupId],
        iamInstanceProfile: profile.name,
        keyName: name,
        metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
        rootBlockDevice: { encrypted: true, volumeSize: args.rootVolumeGiB, volumeType: "gp3" },
        // Readable as long as the host lives, by whoever may describe it: no secret is in it.
        userData: userData(args.application),
        userDataReplaceOnChange: false,
        disableApiTermination: args.isProtected,
        // Termination protection is for accidents: a replacement that was asked for lifts it.
        forceDestroy: true,
        tags: { Name: name },
      },
      // A newer image would replace the instance. Other user data would stop it and start it again, and not run: it is not ignored,
      // since that shows a change at every `up`, and a golden test holds its text instead.
      // The address is released only once the host is gone: its association goes with the host.
      { ...parent, ignoreChanges: ["ami"], dependsOn: [...args.internet, policy, key, address] },
    );
    const hostKey = new command.local.Command(
      `${name}-host-key`,
      {
        create: readHostKeyCommand,
        environment: { INSTANCE_ID: instance.id, AWS_REGION: args.region },
        triggers: [instance.id],
      },
      parent,
    );
    this.instance = instance;
    this.instanceId = instance.id;
    this.address = address.publicIp;
    this.addressAllocation = address.id;
    this.publicKey = hostKey.stdout;
    this.registerOutputs({ instanceId: this.instanceId, address: this.address, publicKey: this.publicKey });
  }
}
