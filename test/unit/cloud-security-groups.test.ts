import { expect, test } from "vitest";
import { type IngressRule, ingressRules, isAllowed, isWithin, openPorts } from "../cloud/security-groups";
import { elements, parseXml } from "../cloud/xml";

const xml = (permissions: string) => `<group><ipPermissions>${permissions}</ipPermissions></group>`;
const rulesOf = (permissions: string): IngressRule[] =>
  elements(parseXml(xml(permissions)), "group").flatMap(ingressRules);
const tcp = (from: number, to: number, range: string) =>
  `<item><ipProtocol>tcp</ipProtocol><fromPort>${from}</fromPort><toPort>${to}</toPort><groups/><ipRanges><item><cidrIp>${range}</cidrIp></item></ipRanges></item>`;

test("TCP rules are read, others aren't, and all traffic means each port", () => {
  const all =
    "<item><ipProtocol>-1</ipProtocol><groups><item><groupId>sg-1</groupId></item></groups><ipRanges/></item>";
  const udp = "<item><ipProtocol>udp</ipProtocol><fromPort>53</fromPort><toPort>53</toPort></item>";
  expect(rulesOf(tcp(22, 22, "10.0.0.0/8") + udp + all)).toEqual([
    { fromPort: 22, toPort: 22, ranges: ["10.0.0.0/8"], groups: [] },
    { fromPort: 0, toPort: 65535, ranges: [], groups: ["sg-1"] },
  ]);
});

test.each([
  ["127.0.0.1", 22, [], true],
  ["127.0.0.1", 23, [], false],
  ["203.0.113.9", 22, [], false],
  ["203.0.113.9", 22, ["sg-1"], true],
  ["203.0.113.9", 22, ["sg-2"], false],
] as const)("%s at port %i with groups %j: %s", (address, port, groups, expected) => {
  const rules = [
    { fromPort: 22, toPort: 22, ranges: ["127.0.0.0/8"], groups: [] },
    { fromPort: 20, toPort: 22, ranges: [], groups: ["sg-1"] },
  ];
  expect(isAllowed(rules, port, { address, groups })).toBe(expected);
});

test("listeners are opened for ranges only, each port once, and a rule that is too wide is named", () => {
  const { ports, tooWide } = openPorts([
    ...rulesOf(tcp(80, 81, "0.0.0.0/0") + tcp(80, 80, "10.0.0.0/8") + tcp(1, 65535, "10.0.0.0/8")),
    { fromPort: 5432, toPort: 5432, ranges: [], groups: ["sg-1"] },
  ]);
  expect(ports).toEqual([80, 81]);
  expect(tooWide).toHaveLength(1);
});

test("ranges", () => {
  expect(isWithin("10.1.2.3", "10.1.2.3/32")).toBe(true);
  expect(isWithin("10.1.2.4", "10.1.2.3/32")).toBe(false);
  expect(isWithin("198.51.100.1", "0.0.0.0/0")).toBe(true);
});
