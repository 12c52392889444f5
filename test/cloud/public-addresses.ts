import { ask, type Handler, Refusal } from "./api";
import { elements, textAt } from "./xml";

/**
 * Public addresses as Amazon gives them. An instance has none unless its subnet maps one at launch; such a one is gone with a stop, and
 * while an elastic IP stands in its place. moto numbers the mapped ones at random: an elastic IP of its own keeps it for us.
 */
export class PublicAddresses {
  private readonly mapped = new Map<string, { region: string; allocationId: string | null }>();

  readonly handlers: Record<string, Handler> = {
    AssociateAddress: async ({ region, parameters }, forward) => {
      const instanceId = parameters.get("InstanceId") ?? "";
      const holder = await this.holder(region, "AllocationId.1", parameters.get("AllocationId") ?? "");
      // In a VPC an address moves to another instance unless that is forbidden; moto asks to be allowed, and leaves it with both.
      const allowed = new URLSearchParams(parameters);
      if (!allowed.has("AllowReassociation")) allowed.set("AllowReassociation", "true");
      const isTaken = holder.instanceId !== "" && holder.instanceId !== instanceId;
      if (isTaken && allowed.get("AllowReassociation") === "true")
        await ask("ec2", region, "DisassociateAddress", { AssociationId: holder.associationId });
      await this.take(instanceId);
      const answer = await forward(allowed);
      if (answer.status >= 300) await this.give(instanceId);
      else if (isTaken) await this.give(holder.instanceId);
      return answer;
    },
    DisassociateAddress: async ({ region, parameters }, forward) => {
      const association = parameters.get("AssociationId") ?? "";
      const { instanceId } = await this.holder(region, "Filter.1.Value.1", association, "association-id");
      const answer = await forward();
      if (answer.status < 300) await this.give(instanceId);
      return answer;
    },
    ReleaseAddress: async ({ region, parameters }, forward) => {
      const allocation = parameters.get("AllocationId") ?? "";
      const { associationId } = await this.holder(region, "AllocationId.1", allocation);
      if (associationId !== "")
        throw new Refusal("InvalidIPAddress.InUse", `The address '${allocation}' is in use: ${associationId}.`);
      return forward();
    },
  };

  /** An elastic IP is free again once its instance is terminated. */
  async free(region: string, instanceId: string): Promise<void> {
    const { associationId } = await this.holder(region, "Filter.1.Value.1", instanceId, "instance-id");
    if (associationId !== "") await ask("ec2", region, "DisassociateAddress", { AssociationId: associationId });
  }

  /** @returns whether the instance has a public address from now on */
  async launch(region: string, instanceId: string, subnetId: string): Promise<boolean> {
    const answer = await ask("ec2", region, "DescribeSubnets", { "SubnetId.1": subnetId });
    const [subnet] = elements(answer, "DescribeSubnetsResponse", "subnetSet", "item");
    if (subnet === undefined || textAt(subnet, "mapPublicIpOnLaunch") !== "true") return false;
    this.mapped.set(instanceId, { region, allocationId: null });
    await this.give(instanceId);
    return true;
  }

  /** The same description of instances with their elastic addresses: after a start moto shows an address of its own making. */
  async show(region: string, body: string): Promise<string> {
    const answer = await ask("ec2", region, "DescribeAddresses");
    return elements(answer, "DescribeAddressesResponse", "addressesSet", "item").reduce((shown, address) => {
      const [instanceId, publicIp] = [textAt(address, "instanceId"), textAt(address, "publicIp")];
      if (instanceId === "") return shown;
      const own = `<instanceId>${instanceId}</instanceId>(?:(?!<instanceId>)[\\s\\S])*?<ipAddress>`;
      return shown.replace(new RegExp(`(${own})[^<]*`), `$1${publicIp}`);
    }, body);
  }

  /** After a start, or the end of an elastic IP's association. */
  async give(instanceId: string): Promise<void> {
    const own = this.mapped.get(instanceId);
    if (own === undefined || own.allocationId !== null) return;
    const elastic = await this.holder(own.region, "Filter.1.Value.1", instanceId, "instance-id");
    if (elastic.associationId !== "") return;
    const answer = await ask("ec2", own.region, "AllocateAddress", { Domain: "vpc" });
    own.allocationId = textAt(answer, "AllocateAddressResponse", "allocationId");
    await ask("ec2", own.region, "AssociateAddress", {
      AllocationId: own.allocationId,
      InstanceId: instanceId,
      AllowReassociation: "true",
    });
  }

  /** Before a stop, or an elastic IP's association. */
  async take(instanceId: string): Promise<void> {
    const own = this.mapped.get(instanceId);
    if (own === undefined || own.allocationId === null) return;
    await ask("ec2", own.region, "ReleaseAddress", { AllocationId: own.allocationId });
    own.allocationId = null;
  }

  async forget(instanceId: string): Promise<void> {
    await this.take(instanceId);
    this.mapped.delete(instanceId);
  }

  private async holder(region: string, key: string, value: string, filter?: string) {
    const answer = await ask("ec2", region, "DescribeAddresses", {
      ...(filter === undefined ? {} : { "Filter.1.Name": filter }),
      [key]: value,
    }).catch(() => null);
    const [address] = answer === null ? [] : elements(answer, "DescribeAddressesResponse", "addressesSet", "item");
    return {
      instanceId: address === undefined ? "" : textAt(address, "instanceId"),
      associationId: address === undefined ? "" : textAt(address, "associationId"),
    };
  }
}
