import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

interface HostArgs {
  subnetId: pulumi.Input<string>;
  securityGroupId: pulumi.Input<string>;
}

export function host({ subnetId, securityGroupId }: HostArgs) {
  const image = pulumi.output(
    aws.ec2.getAmi({ owners: ["amazon"], mostRecent: true, filters: [{ name: "name", values: ["amzn2-ami-hvm-*"] }] }),
  );
  const role = new aws.iam.Role("role", {
    assumeRolePolicy: JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
    }),
  });
  new aws.iam.RolePolicy("policy", {
    role: role.name,
    policy: JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: "s3:GetObject", Resource: "*" }],
    }),
  });
  const profile = new aws.iam.InstanceProfile("profile", { role: role.name });
  const key = new aws.ec2.KeyPair("key", {
    publicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE5vdEFSZWFsS2V5Tm90QVJlYWxLZXlOb3RBUmVhbEtl every",
  });
  const instance = new aws.ec2.Instance("instance", {
    ami: image.id,
    instanceType: "t3.small",
    subnetId,
    vpcSecurityGroupIds: [securityGroupId],
    iamInstanceProfile: profile.name,
    keyName: key.keyName,
    metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
    rootBlockDevice: { encrypted: true, volumeSize: 20, volumeType: "gp3" },
    userData: "#cloud-config\n{}\n",
    tags: { Name: "every" },
  });
  const address = new aws.ec2.Eip("address", { domain: "vpc" });
  new aws.ec2.EipAssociation("address", { allocationId: address.id, instanceId: instance.id });
  const volume = new aws.ebs.Volume("data", {
    availabilityZone: instance.availabilityZone,
    size: 10,
    type: "gp3",
    encrypted: true,
  });
  new aws.ec2.VolumeAttachment("data", { deviceName: "/dev/sdf", instanceId: instance.id, volumeId: volume.id });
  return { profileName: profile.name };
}
