/**
 * An address for the database in its first subnet, counted from the range's end: moto gives addresses to instances from its
 * beginning. Without a subnet group, a link-local one.
 */
export function databaseAddress(ranges: readonly string[], number: number): string {
  const [network = "169.254.100.0", bits = "24"] = ([...ranges].sort()[0] ?? "169.254.100.0/24").split("/");
  const size = 2 ** (32 - Number(bits));
  const base = network.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  // Amazon keeps the last address of a subnet; numbers beyond its size begin again, as clusters go before that.
  const value = base + size - 2 - ((number - 1) % Math.max(1, size - 6));
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".");
}
