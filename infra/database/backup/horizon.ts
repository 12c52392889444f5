/** Transactions after the horizon that count as newer: more than a database makes in the hours that a proof may take. */
const newerTransactions = 67_108_864;

/**
 * A condition that holds for rows written before the horizon. Rows that are newer come and go between the readings; whatever is older
 * and was there both times was there all the time. Numbers of transactions wrap after 32 bits.
 * @param xmin the row's system column
 */
export function isOlder(xmin: string, horizon: string): string {
  return `(${xmin}::text::bigint - ${BigInt(horizon) % 4_294_967_296n} + 4294967296) % 4294967296 >= ${newerTransactions}`;
}
