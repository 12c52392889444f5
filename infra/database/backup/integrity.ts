import type pg from "pg";
import { findAmcheck } from "./amcheck";
import { readTable, scanBtree } from "./reading";
import { type Relation, relationsOf } from "./relations";

export type Integrity = {
  /** What was looked at and how, and what was not. */
  evidence: string;
  problems: string[];
};

/**
 * Whether PostgreSQL can read all of a copy that nobody writes to. Where this role may use amcheck, every table's pages and every B-tree
 * against its table are checked: each row is found through it, its order and its pages' links hold. Where it may not, every value is read,
 * and every row through each B-tree. Either way each page of a table is read, and so its checksum checked. Makes the extension: for a copy only.
 * @throws Error where the check itself failed, which says nothing of the copy
 */
export async function checkIntegrity(client: pg.Client): Promise<Integrity> {
  const { checkTable, checkBtree, reason } = await findAmcheck(client);
  const { tables, toast, btrees, otherIndexes } = await relationsOf(client);
  const problems: string[] = [];
  const unseen = otherIndexes.map(({ name }) => `${name} (no B-tree)`);
  /** @returns how many were looked at */
  const look = async <R extends Relation>(
    relations: readonly R[],
    way: string,
    check: (client: pg.Client, relation: R) => Promise<string[] | null>,
  ): Promise<number> => {
    const before = unseen.length;
    for (const relation of relations)
      try {
        const found = await check(client, relation);
        if (found === null) unseen.push(`${relation.name} (another index serves as well)`);
        else if (found.length > 0) problems.push(`${way}: ${relation.name}: ${found.join("; ")}`);
      } catch (error) {
        const { code = "", message } = error as Error & { code?: string };
        if (isDamage(code)) problems.push(`${way}: ${relation.name}: ${message}`);
        else if (code === "42501") unseen.push(`${relation.name} (${message})`);
        else throw new Error(`${way} could not look at ${relation.name}: ${message}`);
      }
    return relations.length - (unseen.length - before);
  };
  const indexes = await (checkBtree === undefined
    ? look(btrees, "reading by index", scanBtree)
    : look([...btrees, ...toast.btrees], "amcheck", checkBtree));
  // A TOAST table that no function reads by itself is read with its table.
  const read = await (checkTable === undefined
    ? look(tables, "reading", readTable)
    : look([...tables, ...toast.tables], "amcheck", checkTable));
  const done =
    reason === ""
      ? `amcheck found nothing in ${indexes} indexes and ${read} tables`
      : `amcheck can't be used here (${reason}), so ` +
        `${checkTable === undefined ? `every value of ${read} tables was read` : `amcheck's part for ${read} tables found nothing`} and ` +
        `${checkBtree === undefined ? `every row through each of ${indexes} indexes` : `its part for ${indexes} indexes found nothing`}; ` +
        `page checksums are ${await checksums(client)}`;
  return { evidence: unseen.length === 0 ? done : `${done}; not looked at: ${unseen.join(", ")}`, problems };
}

/** What cannot be read as it is stored; not what is refused (42), takes too much (53, 54) or was ended (57). */
function isDamage(code: string): boolean {
  return /^(XX|58|22)/.test(code);
}

async function checksums(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ data_checksums: string }>("SHOW data_checksums");
  return rows[0]?.data_checksums ?? "unknown";
}
