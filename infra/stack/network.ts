import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { layOutSubnets } from "./subnets";

export interface NetworkArgs {
  /** A /16. */
  cidrBlock: string;
  /** Ranges that may reach port 22 of the host. */
  sshFrom: string[];
  /** Ranges that may reach ports 80 and 443. */
  httpsFrom: string[];
}

/** A VPC with one public subnet for the host and two private ones, in two zones, for the database. */
export class Network extends pulumi.ComponentResource {
  readonly vpcId: pulumi.Output<string>;
  readonly publicSubnetId: pulumi.Output<string>;
  readonly availabilityZone: pulumi.Output<string>;
  readonly databaseSubnetIds: pulumi.Output<string>[];
  readonly hostSecurityGroupId: pulumi.Output<string>;
  readonly databaseSecurityGroupId: pulumi.Output<string>;
  /** What has to stand before a host can reach the internet. */
  readonly internet: pulumi.Resource[];

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("prompt-library:infra:Network", name, {}, opts);
    const parent = { parent: this };
    const subnets = layOutSubnets(args.cidrBlock);
    // Not in a Local Zone, once an account has opted in to one: RDS and most instance types are not there.
    const regular = { state: "available", filters: [{ name: "zone-type", values: ["availability-zone"] }] };
    const zones = pulumi.output(aws.getAvailabilityZones(regular, parent)).names;
    const zone = (index: number) => zones.apply((names) => zoneAt(names, index));
    // Where a zone is missing for a while the others move up in the list; a subnet can't move, it would be replaced with all that is in it.
    const stays = { ...parent, ignoreChanges: ["availabilityZone"] };
    const tags = (part: string) => ({ Name: `${name}-${part}` });

    const vpc = new aws.ec2.Vpc(
      `${name}-vpc`,
      { cidrBlock: args.cidrBlock, enableDnsHostnames: true, enableDnsSupport: true, tags: tags("vpc") },
      parent,
    );
    const gateway = new aws.ec2.InternetGateway(`${name}-gateway`, { vpcId: vpc.id, tags: tags("gateway") }, parent);
    const publicSubnet = new aws.ec2.Subnet(
      `${name}-public`,
      {
        vpcId: vpc.id,
        cidrBlock: subnets.public,
        availabilityZone: zone(0),
        // A host boots with a network: its own address follows once it serves.
        mapPublicIpOnLaunch: true,
        tags: tags("public"),
      },
      stays,
    );
    const routes = new aws.ec2.RouteTable(`${name}-public`, { vpcId: vpc.id, tags: tags("public") }, parent);
    const route = new aws.ec2.Route(
      `${name}-internet`,
      { routeTableId: routes.id, destinationCidrBlock: "0.0.0.0/0", gatewayId: gateway.id },
      parent,
    );
    const association = new aws.ec2.RouteTableAssociation(
      `${name}-public`,
      { routeTableId: routes.id, subnetId: publicSubnet.id },
      parent,
    );
    const databaseSubnets = subnets.database.map(
      (cidrBlock, index) =>
        new aws.ec2.Subnet(
          `${name}-database-${index}`,
          { vpcId: vpc.id, cidrBlock, availabilityZone: zone(index), tags: tags(`database-${index}`) },
          stays,
        ),
    );

    // What names no group gets the VPC's own, which lets its members reach each other and everything else.
    new aws.ec2.DefaultSecurityGroup(`${name}-closed`, { vpcId: vpc.id, tags: tags("closed") }, parent);
    const hostGroup = new aws.ec2.SecurityGroup(
      `${name}-host`,
      { vpcId: vpc.id, description: "The application host", tags: tags("host") },
      parent,
    );
    const databaseGroup = new aws.ec2.SecurityGroup(
      `${name}-database`,
      { vpcId: vpc.id, description: "The database: reached by the host alone", tags: tags("database") },
      parent,
    );
    const allow = (part: string, port: number, ranges: string[], description: string) => {
      // Named by its range: a range that stays is not touched when another one comes or goes.
      for (const cidrIpv4 of new Set(ranges))
        new aws.vpc.SecurityGroupIngressRule(
          `${name}-${part}-${cidrIpv4}`,
          { securityGroupId: hostGroup.id, ipProtocol: "tcp", fromPort: port, toPort: port, cidrIpv4, description },
          parent,
        );
    };
    allow("ssh", 22, args.sshFrom, "Operators");
    allow("http", 80, args.httpsFrom, "Redirected to HTTPS");
    allow("https", 443, args.httpsFrom, "Users");
    new aws.vpc.SecurityGroupIngressRule(
      `${name}-postgresql`,
      {
        securityGroupId: databaseGroup.id,
        referencedSecurityGroupId: hostGroup.id,
        ipProtocol: "tcp",
        fromPort: 5432,
        toPort: 5432,
        description: "The host",
      },
      parent,
    );
    const egress = new aws.vpc.SecurityGroupEgressRule(
      `${name}-egress`,
      {
        securityGroupId: hostGroup.id,
        ipProtocol: "-1",
        cidrIpv4: "0.0.0.0/0",
        description: "Package archives and the providers of AI",
      },
      parent,
    );

    this.internet = [route, association, egress];
    this.vpcId = vpc.id;
    this.publicSubnetId = publicSubnet.id;
    this.availabilityZone = publicSubnet.availabilityZone;
    this.databaseSubnetIds = databaseSubnets.map((subnet) => subnet.id);
    this.hostSecurityGroupId = hostGroup.id;
    this.databaseSecurityGroupId = databaseGroup.id;
    this.registerOutputs({
      vpcId: this.vpcId,
      publicSubnetId: this.publicSubnetId,
      availabilityZone: this.availabilityZone,
      databaseSubnetIds: this.databaseSubnetIds,
      hostSecurityGroupId: this.hostSecurityGroupId,
      databaseSecurityGroupId: this.databaseSecurityGroupId,
    });
  }
}

function zoneAt(names: string[], index: number): string {
  const name = names[index];
  if (name === undefined)
    throw new Error(
      `the region has ${names.length} availability zone(s); RDS needs subnets in 2. Choose another target.region`,
    );
  return name;
}
