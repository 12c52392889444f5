import { type Handler, listOf } from "./api";

/**
 * Zones as an account sees them that somebody has opted in to a Local Zone: it comes first in the alphabet, and most services are not
 * there.
 */
export const zoneHandlers: Record<string, Handler> = {
  DescribeAvailabilityZones: async ({ region, parameters }, forward) => {
    const answer = await forward();
    const filters = [1, 2, 3, 4].flatMap((index) => {
      const name = parameters.get(`Filter.${index}.Name`);
      return name === null ? [] : [{ name, values: listOf(parameters, `Filter.${index}.Value`) }];
    });
    const local: Record<string, string> = {
      "zone-type": "local-zone",
      "opt-in-status": "opted-in",
      state: "available",
      "region-name": region,
      "zone-name": `${region}-atl-1a`,
    };
    if (answer.status >= 300 || !filters.every(({ name, values }) => values.includes(local[name] ?? ""))) return answer;
    const item = `<item><groupName>${region}-atl-1</groupName><networkBorderGroup>${region}-atl-1</networkBorderGroup><optInStatus>opted-in</optInStatus><regionName>${region}</regionName><zoneId>atl1-az1</zoneId><zoneName>${region}-atl-1a</zoneName><zoneState>available</zoneState><zoneType>local-zone</zoneType><messageSet/></item>`;
    return { ...answer, body: answer.body.replace(/<availabilityZoneInfo>/, `$&${item}`) };
  },
};
