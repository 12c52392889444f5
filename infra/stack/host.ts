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
  /** OpenSSH public key of whoever deploys. */
  sshPublicKey: string;
  /** The host may read what lies in `artifacts/` there, and nothing else of it. */
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
  readonly address: pulumi.Output<string>;
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
    const key = new aws.ec2.KeyPair(`${name}-key`, { publicKey: args.sshPublicKey }, parent);
    const instance = new aws.ec2.Instance(
      `${name}-instance`,
      {
        ami: image.id,
        instanceType: args.instanceType,
        subnetId: args.subnetId,
        vpcSecurityGroupIds: [args.securityGroupId],
        iamInstanceProfile: profile.name,
        keyName: key.keyName,
        metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
        rootBlockDevice: { encrypted: true, volumeSize: args.rootVolumeGiB, volumeType: "gp3" },
        // Readable as long as the host lives, by whoever may describe it: no secret is in it.
        userData: userData(args.application),
        userDataReplaceOnChange: false,
        disableApiTermination: args.isProtected,
        tags: { Name: name },
      },
      // A newer image would replace the instance. Other user data would stop it and start it again, and not run: it is not ignored,
      // since that shows a change at every `up`, and a golden test holds its text instead.
      { ...parent, ignoreChanges: ["ami"], dependsOn: [...args.internet, policy] },
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
    const address = new aws.ec2.Eip(`${name}-address`, { domain: "vpc", tags: { Name: name } }, parent);
    const association = new aws.ec2.EipAssociation(
      `${name}-address`,
      // A host that takes another's place takes its address too, before the other lets go of it.
      { allocationId: address.id, instanceId: instance.id, allowReassociation: true },
      parent,
    );
    this.instance = instance;
    this.instanceId = instance.id;
    // Known only once the association stands, so that nothing connects before.
    this.address = pulumi.all([address.publicIp, association.id]).apply(([publicIp]) => publicIp);
    this.publicKey = hostKey.stdout;
    this.registerOutputs({ instanceId: this.instanceId, address: this.address, publicKey: this.publicKey });
  }
}
