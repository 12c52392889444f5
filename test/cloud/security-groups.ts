import { BlockList } from "node:net";
import { type Element, elements, textAt } from "./xml";

/** One permission of a security group for incoming TCP. */
export interface IngressRule {
  fromPort: number;
  toPort: number;
  /** IPv4 ranges; empty where only groups are let in. */
  ranges: string[];
  groups: string[];
}

export interface Peer {
  address: string;
  /** Security groups of the peer; none for whoever comes from outside. */
  groups: readonly string[];
}

export function ingressRules(group: Element): IngressRule[] {
  return elements(group, "ipPermissions", "item").flatMap((permission) => {
    const protocol = textAt(permission, "ipProtocol");
    if (!["tcp", "6", "-1"].includes(protocol)) return [];
    const isAll = protocol === "-1" || textAt(permission, "fromPort") === "";
    return [
      {
        fromPort: isAll ? 0 : Number(textAt(permission, "fromPort")),
        toPort: isAll ? 65535 : Number(textAt(permission, "toPort")),
        ranges: elements(permission, "ipRanges", "item").map((range) => textAt(range, "cidrIp")),
        groups: elements(permission, "groups", "item").map((item) => textAt(item, "groupId")),
      },
    ];
  });
}

export function isAllowed(rules: readonly IngressRule[], port: number, peer: Peer): boolean {
  return rules.some(
    (rule) =>
      rule.fromPort <= port &&
      port <= rule.toPort &&
      (rule.groups.some((group) => peer.groups.includes(group)) ||
        rule.ranges.some((range) => isWithin(peer.address, range))),
  );
}

/**
 * The ports that a listener must be opened on: those open to any range. A rule wider than 100 ports would mean as many
 * listeners, and is listened on not at all; `tooWide` names it.
 */
export function openPorts(rules: readonly IngressRule[]): { ports: number[]; tooWide: IngressRule[] } {
  const ports = new Set<number>();
  const open = rules.filter((rule) => rule.ranges.length > 0);
  const tooWide = open.filter((rule) => rule.toPort - rule.fromPort >= 100);
  for (const rule of open.filter((one) => !tooWide.includes(one)))
    for (let port = rule.fromPort; port <= rule.toPort; port++) if (port > 0) ports.add(port);
  return { ports: [...ports].sort((a, b) => a - b), tooWide };
}

export function isWithin(address: string, range: string): boolean {
  const [network, bits] = range.split("/");
  const list = new BlockList();
  list.addSubnet(network ?? "", Number(bits ?? 32), "ipv4");
  return list.check(address, "ipv4");
}
