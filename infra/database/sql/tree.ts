import type { Node } from "libpg-query";
import pg from "pg";

/** A name as the catalog has it, unquoted. */
export type QualifiedName = { schema: string; name: string };

type Fields = Record<string, unknown>;

/** Calls `visit` for every node of a tree, with its type and its fields. */
export function walk(tree: unknown, visit: (type: string, fields: Fields) => void): void {
  if (Array.isArray(tree)) for (const item of tree) walk(item, visit);
  if (typeof tree !== "object" || tree === null || Array.isArray(tree)) return;
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value !== "object" || value === null) continue;
    if (/^[A-Z]/.test(key)) visit(key, value as Fields);
    // Where only a relation can stand the tree leaves its type out.
    else if (!Array.isArray(value) && "relname" in value) visit("RangeVar", value as Fields);
    walk(value, visit);
  }
}

/** The type of a statement's node and its fields. */
export function typeOf(node: Node): [type: string, fields: Fields] {
  const [entry] = Object.entries(node);
  return entry === undefined ? ["", {}] : [entry[0], entry[1] as Fields];
}

/** Unqualified names are looked for in schema public, which is the only one in a migration's search_path. */
export function relationName(range: unknown): QualifiedName {
  const { schemaname = "public", relname = "" } = (range ?? {}) as { schemaname?: string; relname?: string };
  return { schema: schemaname, name: relname };
}

/** The name in a list of its parts, such as DROP has them. */
export function listedName(parts: readonly string[]): QualifiedName {
  return { schema: parts.at(-2) ?? "public", name: parts.at(-1) ?? "" };
}

/** The strings of a list node, or of one string node. */
export function stringsOf(node: unknown): string[] {
  const found: string[] = [];
  walk([node], (type, fields) => {
    if (type === "String") found.push(String(fields.sval ?? ""));
  });
  return found;
}

/** Whether two names are one. */
export function isSameName(one: QualifiedName, other: QualifiedName): boolean {
  return one.schema === other.schema && one.name === other.name;
}

/** For SQL: always quoted. */
export function quoted({ schema, name }: QualifiedName): string {
  return `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`;
}

/** For people: quoted where PostgreSQL would have to. */
export function shownName({ schema, name }: QualifiedName): string {
  return [schema, name].map((part) => (/^[a-z_][a-z0-9_]*$/.test(part) ? part : pg.escapeIdentifier(part))).join(".");
}

/** Each name once. */
export function distinctNames(names: readonly QualifiedName[]): QualifiedName[] {
  return names.filter((name, place) => names.findIndex((other) => isSameName(other, name)) === place);
}
