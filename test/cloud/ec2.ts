import type { Log } from "../toolchain/build-once";
import { ask, type Handler, listOf, Refusal } from "./api";
import { type Forward, Forwarding } from "./forwarding";
import { Host } from "./host";
import type { DatabaseName } from "./host-files";
import type { CloudNames } from "./names";
import type { Outside } from "./outside";
import { PublicAddresses } from "./public-addresses";
import { refuseTakenRange, refuseUserData } from "./refusals";
import { type IngressRule, ingressRules, isAllowed, openPorts, type Peer } from "./security-groups";
import { Volumes } from "./volumes";
import { type Element, elements, parseXml, textAt } from "./xml";
import { zoneHandlers } from "./zones";

export interface Ec2Args {
  names: CloudNames;
  image: string;
  port: number;
  outside: Outside;
  log: Log;
}

/** What moto knows of an instance that this cloud needs. */
export interface InstanceView extends Peer {
  id: string;
  region: string;
  state: string;
  publicAddress: string;
  zone: string;
  profileArn: string;
  httpTokens: string;
}

/** Makes EC2's instances and addresses real. */
export class Ec2 {
  readonly handlers: Record<string, Handler>;
  readonly hosts = new Map<string, Host>();
  private readonly publicKeys = new Map<string, string>();
  private readonly volumes: Volumes;
  private readonly addresses = new PublicAddresses();
  private readonly forwarding: Forwarding;
  private refreshing: Promise<void> = Promise.resolve();
  /** The databases' names, which each host's /etc/hosts holds. */
  databaseNames: () => DatabaseName[] = () => [];

  constructor(private readonly args: Ec2Args) {
    this.volumes = new Volumes({ names: args.names, hosts: this.hosts });
    this.handlers = {
      ...this.instanceHandlers,
      ...this.volumes.handlers,
      ...this.addresses.handlers,
      ...zoneHandlers,
    };
    this.forwarding = new Forwarding(args.outside, args.log);
  }

  private readonly instanceHandlers: Record<string, Handler> = {
    CreateVpc: async ({ region, parameters }, forward) => {
      const vpcs = elements(await ask("ec2", region, "DescribeVpcs"), "DescribeVpcsResponse", "vpcSet", "item");
      const taken = vpcs.map((vpc) => textAt(vpc, "cidrBlock"));
      refuseTakenRange(parameters.get("CidrBlock") ?? "", taken);
      return forward();
    },

    RunInstances: async (request, forward) => {
      const userData = Buffer.from(request.parameters.get("UserData") ?? "", "base64");
      refuseUserData(userData);
      const answer = await forward();
      if (answer.status >= 300) return answer;
      const keyName = request.parameters.get("KeyName");
      const publicKey = keyName ? this.publicKeyOf(request.region, keyName) : null;
      for (const instance of elements(parseXml(answer.body), "RunInstancesResponse", "instancesSet", "item")) {
        const instanceId = textAt(instance, "instanceId");
        const privateAddress = textAt(instance, "privateIpAddress");
        const { names, image, port } = this.args;
        const host = new Host(names, {
          instanceId,
          region: request.region,
          privateAddress,
          userData,
          publicKey,
          image,
          port,
        });
        host.onPowerOff = () => void this.hostPoweredOff(instanceId);
        this.hosts.set(instanceId, host);
        // moto forgets it at launch.
        if (request.parameters.get("DisableApiTermination") === "true")
          await ask("ec2", request.region, "ModifyInstanceAttribute", {
            InstanceId: instanceId,
            "DisableApiTermination.Value": "true",
          });
        const isOnline = await this.addresses.launch(request.region, instanceId, textAt(instance, "subnetId"));
        await host.launch(this.databaseNames(), isOnline);
        this.args.log(`${instanceId} boots as ${privateAddress} (namespace ${host.namespace})`);
      }
      return answer;
    },
    DescribeInstances: async ({ region }, forward) => {
      const answer = await forward();
      return answer.status < 300 ? { ...answer, body: await this.addresses.show(region, answer.body) } : answer;
    },
    ImportKeyPair: async (request, forward) => {
      const answer = await forward();
      const material = Buffer.from(request.parameters.get("PublicKeyMaterial") ?? "", "base64").toString();
      if (answer.status < 300) this.publicKeys.set(`${request.region}/${request.parameters.get("KeyName")}`, material);
      return answer;
    },
    CreateKeyPair: () => {
      throw new Refusal(
        "UnsupportedOperation",
        "the local cloud takes public keys by ImportKeyPair and makes none itself",
      );
    },
    GetConsoleOutput: async ({ parameters }, forward) => {
      const instanceId = parameters.get("InstanceId") ?? "";
      const host = this.hosts.get(instanceId);
      if (!host) return forward();
      // Unless the latest is asked for, Amazon shows what was posted after the last start: for minutes, nothing.
      const output = parameters.get("Latest") === "true" ? (await host.consoleOutput()).toString("base64") : "";
      return {
        status: 200,
        headers: { "content-type": "text/xml" },
        body: `<GetConsoleOutputResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>local-cloud</requestId><instanceId>${instanceId}</instanceId><timestamp>${new Date().toISOString()}</timestamp><output>${output}</output></GetConsoleOutputResponse>`,
      };
    },
    StopInstances: async (request, forward) => {
      const answer = await forward();
      if (answer.status < 300)
        for (const host of this.hostsOf(request.parameters)) {
          await host.powerOff();
          await this.addresses.take(host.args.instanceId);
        }
      return answer;
    },
    StartInstances: async (request, forward) => {
      const answer = await forward();
      if (answer.status < 300)
        for (const host of this.hostsOf(request.parameters)) {
          await this.addresses.give(host.args.instanceId);
          await host.boot(this.databaseNames());
        }
      return answer;
    },
    RebootInstances: async (request, forward) => {
      const answer = await forward();
      if (answer.status < 300)
        for (const host of this.hostsOf(request.parameters)) {
          await host.powerOff();
          await host.boot(this.databaseNames());
        }
      return answer;
    },
    TerminateInstances: async (request, forward) => {
      for (const id of listOf(request.parameters, "InstanceId")) await this.refuseProtected(id);
      const answer = await forward();
      if (answer.status < 300)
        for (const id of listOf(request.parameters, "InstanceId")) {
          const host = this.hosts.get(id);
          await host?.remove();
          await this.addresses.forget(id);
          if (host) await this.addresses.free(host.args.region, id);
          if (host) await this.volumes.detachAll(host);
          this.hosts.delete(id);
        }
      return answer;
    },
  };

  /** Called after each change: listeners and their rules follow the security groups. One at a time, the last one wins. */
  refresh(): Promise<void> {
    this.refreshing = this.refreshing
      .then(() => this.updateForwarding())
      .catch((error: unknown) => this.args.log(`elastic IPs: ${String(error)}`));
    return this.refreshing;
  }

  /** In all regions in which a host runs. */
  async instances(): Promise<InstanceView[]> {
    const regions = new Set([...this.hosts.values()].map((host) => host.args.region));
    return (await Promise.all([...regions].map((region) => this.instancesIn(region)))).flat();
  }

  private async instancesIn(region: string): Promise<InstanceView[]> {
    const answer = await ask("ec2", region, "DescribeInstances");
    return elements(answer, "DescribeInstancesResponse", "reservationSet", "item", "instancesSet", "item").map(
      (instance) => ({
        id: textAt(instance, "instanceId"),
        region,
        state: textAt(instance, "instanceState", "name"),
        address: textAt(instance, "privateIpAddress"),
        publicAddress: textAt(instance, "ipAddress"),
        zone: textAt(instance, "placement", "availabilityZone"),
        profileArn: textAt(instance, "iamInstanceProfile", "arn"),
        httpTokens: textAt(instance, "metadataOptions", "httpTokens"),
        groups: elements(instance, "groupSet", "item").map((group) => textAt(group, "groupId")),
      }),
    );
  }

  /** As the caller of RunInstances gave it: Amazon shows it as long as the instance lives. */
  userDataOf(instanceId: string): string {
    return this.hosts.get(instanceId)?.args.userData.toString() ?? "";
  }

  async rulesOf(region: string, groups: readonly string[]): Promise<IngressRule[]> {
    const answer = await ask("ec2", region, "DescribeSecurityGroups");
    const all: Element[] = elements(answer, "DescribeSecurityGroupsResponse", "securityGroupInfo", "item");
    return all.filter((group) => groups.includes(textAt(group, "groupId"))).flatMap(ingressRules);
  }

  /** Every host learns the databases' names as they are now. */
  async updateHosts(): Promise<void> {
    for (const host of this.hosts.values()) await host.updateDatabases(this.databaseNames());
  }

  private hostsOf(parameters: URLSearchParams): Host[] {
    return listOf(parameters, "InstanceId").flatMap((id) => this.hosts.get(id) ?? []);
  }

  private publicKeyOf(region: string, keyName: string): string {
    const known = this.publicKeys.get(`${region}/${keyName}`);
    if (known === undefined) throw new Error(`the key pair ${keyName} has no public key here`);
    return known;
  }

  private async refuseProtected(instanceId: string): Promise<void> {
    const host = this.hosts.get(instanceId);
    if (!host) return;
    const answer = await ask("ec2", host.args.region, "DescribeInstanceAttribute", {
      InstanceId: instanceId,
      Attribute: "disableApiTermination",
    });
    if (textAt(answer, "DescribeInstanceAttributeResponse", "disableApiTermination", "value") === "true")
      throw new Refusal(
        "OperationNotPermitted",
        `The instance '${instanceId}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.`,
      );
  }

  /** Amazon's default for a host that shuts itself down: it is stopped. */
  private async hostPoweredOff(instanceId: string): Promise<void> {
    this.args.log(`${instanceId} has ended by itself; logs/${instanceId}.console.log tells what it said`);
    const region = this.hosts.get(instanceId)?.args.region;
    if (!region) return;
    await ask("ec2", region, "StopInstances", { "InstanceId.1": instanceId }).catch((error: unknown) =>
      this.args.log(String(error)),
    );
  }

  private async updateForwarding(): Promise<void> {
    const instances = await this.instances();
    for (const { id, publicAddress } of instances) await this.hosts.get(id)?.goOnline(publicAddress !== "");
    const regions = new Set(instances.map(({ region }) => region));
    const answers = await Promise.all([...regions].map((region) => ask("ec2", region, "DescribeAddresses")));
    const wanted: Forward[] = [];
    for (const address of answers.flatMap((answer) =>
      elements(answer, "DescribeAddressesResponse", "addressesSet", "item"),
    )) {
      const instance = instances.find(({ id }) => id !== "" && id === textAt(address, "instanceId"));
      if (!instance || !this.hosts.has(instance.id)) continue;
      const publicIp = textAt(address, "publicIp");
      const rules = await this.rulesOf(instance.region, instance.groups);
      const { ports, tooWide } = openPorts(rules);
      for (const rule of tooWide)
        this.args.log(
          `${publicIp}: a rule that opens ports ${rule.fromPort} to ${rule.toPort} is too wide to listen on, and is left out`,
        );
      for (const port of ports)
        wanted.push({
          address: publicIp,
          port,
          to: instance.address,
          isAllowed: (client) => isAllowed(rules, port, { address: client, groups: [] }),
        });
    }
    await this.forwarding.update(wanted);
  }
}
