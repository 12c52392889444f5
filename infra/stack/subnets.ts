export type Subnets = { public: string; database: [string, string] };

/**
 * Four /24 of a /16: the first is public, the third and fourth are the database's; the second is left for growth.
 * @throws Error when the range is not a /16
 */
export function layOutSubnets(cidrBlock: string): Subnets {
  const match = /^(\d{1,3})\.(\d{1,3})\.0\.0\/16$/.exec(cidrBlock);
  if (match === null) throw new Error(`network.cidrBlock must be a /16 such as 10.20.0.0/16, not ${cidrBlock}`);
  const third = (part: number) => `${match[1]}.${match[2]}.${part}.0/24`;
  return { public: third(0), database: [third(2), third(3)] };
}
