import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export function network() {
  const zones = pulumi.output(aws.getAvailabilityZones({ state: "available" })).names;
  const vpc = new aws.ec2.Vpc("vpc", { cidrBlock: "10.20.0.0/16", enableDnsHostnames: true, tags: { Name: "every" } });
  const gateway = new aws.ec2.InternetGateway("gateway", { vpcId: vpc.id });
  const subnets = [0, 1, 2].map(
    (index) =>
      new aws.ec2.Subnet(`subnet-${index}`, {
        vpcId: vpc.id,
        cidrBlock: `10.20.${index}.0/24`,
        availabilityZone: zones.apply((names) => names[index % 2] ?? ""),
      }),
  );
  const [publicSubnet, ...databaseSubnets] = subnets;
  if (publicSubnet === undefined) throw new Error("no subnet");
  const routes = new aws.ec2.RouteTable("routes", { vpcId: vpc.id });
  new aws.ec2.Route("internet", { routeTableId: routes.id, destinationCidrBlock: "0.0.0.0/0", gatewayId: gateway.id });
  new aws.ec2.RouteTableAssociation("routes", { routeTableId: routes.id, subnetId: publicSubnet.id });
  new aws.ec2.DefaultSecurityGroup("closed", { vpcId: vpc.id });
  const hostGroup = new aws.ec2.SecurityGroup("host", { vpcId: vpc.id, description: "host" });
  const databaseGroup = new aws.ec2.SecurityGroup("database", { vpcId: vpc.id, description: "database" });
  new aws.vpc.SecurityGroupIngressRule("ssh", {
    securityGroupId: hostGroup.id,
    ipProtocol: "tcp",
    fromPort: 22,
    toPort: 22,
    cidrIpv4: "192.0.2.0/24",
  });
  new aws.vpc.SecurityGroupIngressRule("postgresql", {
    securityGroupId: databaseGroup.id,
    referencedSecurityGroupId: hostGroup.id,
    ipProtocol: "tcp",
    fromPort: 5432,
    toPort: 5432,
  });
  new aws.vpc.SecurityGroupEgressRule("out", {
    securityGroupId: hostGroup.id,
    ipProtocol: "-1",
    cidrIpv4: "0.0.0.0/0",
  });
  return {
    vpcId: vpc.id,
    publicSubnetId: publicSubnet.id,
    databaseSubnetIds: databaseSubnets.map((subnet) => subnet.id),
    hostGroupId: hostGroup.id,
    databaseGroupId: databaseGroup.id,
  };
}
