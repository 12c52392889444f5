import { ask } from "./api";
import { type Element, elements, textAt } from "./xml";

/** What moto's records say of a region's databases. */
export async function describeDatabases(region: string): Promise<Element[]> {
  const answer = await ask("rds", region, "DescribeDBInstances");
  return elements(answer, "DescribeDBInstancesResponse", "DescribeDBInstancesResult", "DBInstances", "DBInstance");
}

/** As moto has them: a version that was asked for by its major alone is that alone. */
export async function sizeAndVersion(
  region: string,
  identifier: string,
): Promise<{ storageGiB: number; engineVersion: string }> {
  const view = (await describeDatabases(region)).find((one) => textAt(one, "DBInstanceIdentifier") === identifier);
  if (view === undefined) throw new Error(`moto has no record of ${identifier}`);
  return { storageGiB: Number(textAt(view, "AllocatedStorage")), engineVersion: textAt(view, "EngineVersion") };
}

export async function parameterGroupOf(region: string, identifier: string): Promise<string> {
  const view = (await describeDatabases(region)).find((one) => textAt(one, "DBInstanceIdentifier") === identifier);
  return view ? textAt(view, "DBParameterGroups", "DBParameterGroup", "DBParameterGroupName") : "";
}

/** Such as postgres17; null for a group that isn't there, or is one of Amazon's defaults, whose family moto makes up. */
export async function familyOf(region: string, group: string): Promise<string | null> {
  if (group === "" || group.startsWith("default.")) return null;
  const answer = await ask("rds", region, "DescribeDBParameterGroups");
  const path = ["DescribeDBParameterGroupsResponse", "DescribeDBParameterGroupsResult"];
  const groups = elements(answer, ...path, "DBParameterGroups", "DBParameterGroup");
  const found = groups.find((one) => textAt(one, "DBParameterGroupName") === group);
  return found ? textAt(found, "DBParameterGroupFamily") : null;
}

/** What the instance's parameter group sets; Amazon's default groups set nothing here. */
export async function parametersOf(region: string, identifier: string): Promise<Record<string, string>> {
  const group = await parameterGroupOf(region, identifier);
  if (group === "" || group.startsWith("default.")) return {};
  const answer = await ask("rds", region, "DescribeDBParameters", { DBParameterGroupName: group });
  const set = elements(answer, "DescribeDBParametersResponse", "DescribeDBParametersResult", "Parameters", "Parameter");
  return Object.fromEntries(
    set.map((parameter) => [textAt(parameter, "ParameterName"), textAt(parameter, "ParameterValue")]),
  );
}

/** The address ranges of a subnet group; none where the name is "". */
export async function subnetRanges(region: string, group: string): Promise<string[]> {
  if (group === "") return [];
  const answer = await ask("rds", region, "DescribeDBSubnetGroups", { DBSubnetGroupName: group });
  const path = [
    "DescribeDBSubnetGroupsResponse",
    "DescribeDBSubnetGroupsResult",
    "DBSubnetGroups",
    "DBSubnetGroup",
    "Subnets",
    "Subnet",
  ];
  const ids = elements(answer, ...path).map((subnet) => textAt(subnet, "SubnetIdentifier"));
  const subnets = elements(await ask("ec2", region, "DescribeSubnets"), "DescribeSubnetsResponse", "subnetSet", "item");
  return subnets
    .filter((subnet) => ids.includes(textAt(subnet, "subnetId")))
    .map((subnet) => textAt(subnet, "cidrBlock"));
}
