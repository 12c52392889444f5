import { expect, test } from "vitest";
import { usePlainCloud } from "./plain-stack";

const cloud = usePlainCloud("test/stack/network-program");

const itemOf = (zone: string) => new RegExp(`<item>(?:(?!</item>).)*<zoneName>${zone}</zoneName>.*?</item>`, "s");
const localZone =
  "<item><zoneName>us-east-1-atl-1a</zoneName><zoneId>use1-atl1-az1</zoneId><zoneState>available</zoneState>" +
  "<optInStatus>opted-in</optInStatus><zoneType>local-zone</zoneType><regionName>us-east-1</regionName></item>";

test("no subnet is in a Local Zone, and none moves while its zone is missing", async () => {
  let missing = "";
  let isMissed = false;
  cloud.door.changes = (asked, answer) => {
    if (!asked.includes("Action=DescribeAvailabilityZones")) return answer;
    const all = asked.includes("zone-type")
      ? answer
      : answer.replace("<availabilityZoneInfo>", (list) => `${list}${localZone}`);
    const left = missing === "" ? all : all.replace(itemOf(missing), "");
    isMissed = left !== all;
    return left;
  };
  await cloud.withStack("zones", async (pulumi) => {
    const up = await pulumi("up", "--yes", "--skip-preview");
    expect(up.exitCode, up.output).toBe(0);
    missing = (await pulumi("stack", "output", "zone")).output.trim();
    expect(missing).toBe("us-east-1a");
    const later = await pulumi("preview", "--expect-no-changes", "--diff");
    expect(isMissed).toBe(true);
    expect(later.exitCode, later.output).toBe(0);
  });
});
