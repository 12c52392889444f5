import type { Node } from "libpg-query";
import { type Body, bodyOf } from "../sql/body";
import { distinctNames, listedName, type QualifiedName, relationName, stringsOf, typeOf, walk } from "../sql/tree";

/**
 * Statements that PostgreSQL commits in several steps, or runs outside a transaction only: what one of them leaves when it is cut
 * off depends on which it is.
 */
export type Steps =
  | { of: "create-index"; index: QualifiedName; table: QualifiedName; isUnique: boolean }
  | { of: "drop-index"; index: QualifiedName }
  | { of: "reindex"; what: "index" | "table"; name: QualifiedName }
  | { of: "detach-partition"; table: QualifiedName; partition: QualifiedName }
  | { of: "procedure" }
  | { of: "vacuum" };

/** What a statement's tree says of it. */
export type Statement = {
  node: Node;
  sql: string;
  /** Whether it has to run outside a transaction, and as what. */
  steps?: Steps;
  /** Its locks hold up neither readers nor writers. */
  isGentle: boolean;
  /** It locks a relation in a way that holds up readers or writers. */
  isStrong: boolean;
  /** Tables and sequences that it makes: each holds rows or values that a DROP takes away. */
  creates: QualifiedName[];
  drops: QualifiedName[];
  /** Every relation that it names; for an index its table is not among them. */
  touches: QualifiedName[];
  body?: Body;
};

export function readStatement(node: Node, sql: string): Statement {
  const body = bodyOf(node, sql);
  // A function's body is only stored; that of a DO runs.
  const running = body !== undefined && typeOf(node)[0] === "DoStmt" ? [node, ...body.statements] : [node];
  const steps = stepsOf(node, body);
  const creates: QualifiedName[] = [];
  const drops: QualifiedName[] = [];
  const touches: QualifiedName[] = [];
  for (const one of running) {
    creates.push(...createdBy(one));
    drops.push(...droppedBy(one, ["OBJECT_TABLE", "OBJECT_SEQUENCE", "OBJECT_MATVIEW"]));
    touches.push(...touchedBy(one));
  }
  return {
    node,
    sql,
    ...(steps && { steps }),
    isGentle: (steps !== undefined && steps.of !== "procedure") || isGentle(node),
    isStrong: steps === undefined && running.some(isStrong),
    creates: distinctNames(creates),
    drops: distinctNames(drops),
    touches: distinctNames(touches),
    ...(body && { body }),
  };
}

function stepsOf(node: Node, body: Body | undefined): Steps | undefined {
  if ("IndexStmt" in node && node.IndexStmt.concurrent) {
    const table = relationName(node.IndexStmt.relation);
    const index = { schema: table.schema, name: node.IndexStmt.idxname ?? "" };
    return { of: "create-index", index, table, isUnique: node.IndexStmt.unique ?? false };
  }
  if ("DropStmt" in node && node.DropStmt.concurrent)
    return { of: "drop-index", index: listedName(stringsOf(node.DropStmt.objects)) };
  if ("ReindexStmt" in node && isConcurrent(node.ReindexStmt.params)) {
    const what = node.ReindexStmt.kind === "REINDEX_OBJECT_INDEX" ? "index" : "table";
    return { of: "reindex", what, name: relationName(node.ReindexStmt.relation) };
  }
  if ("AlterTableStmt" in node)
    for (const partition of partitions(node.AlterTableStmt.cmds, "AT_DetachPartition"))
      if (partition.isConcurrent)
        return { of: "detach-partition", table: relationName(node.AlterTableStmt.relation), partition: partition.name };
  if ("CallStmt" in node || ("DoStmt" in node && body?.isCommitting)) return { of: "procedure" };
  if ("VacuumStmt" in node && node.VacuumStmt.is_vacuumcmd) return { of: "vacuum" };
  return undefined;
}

function partitions(cmds: unknown, subtype: string): { name: QualifiedName; isConcurrent: boolean }[] {
  const found: { name: QualifiedName; isConcurrent: boolean }[] = [];
  walk(cmds, (type, fields) => {
    if (type === "AlterTableCmd" && fields.subtype === subtype)
      walk([fields.def], (inner, command) => {
        if (inner === "PartitionCmd")
          found.push({ name: relationName(command.name), isConcurrent: command.concurrent === true });
      });
  });
  return found;
}

/** REINDEX's options are a list: CONCURRENTLY alone, or with a value that says no. */
function isConcurrent(params: unknown): boolean {
  let found = false;
  walk(params, (type, fields) => {
    if (type === "DefElem" && fields.defname === "concurrently")
      found = !/^(false|off|0)$/i.test(stringsOf([fields.arg])[0] ?? "true");
  });
  return found;
}

function createdBy(node: Node): QualifiedName[] {
  const found: QualifiedName[] = [];
  const add = (range: unknown): void => {
    if ((range as { relpersistence?: string } | undefined)?.relpersistence !== "t") found.push(relationName(range));
  };
  walk([node], (type, fields) => {
    if (type === "CreateStmt") add(fields.relation);
    if (type === "CreateForeignTableStmt") add((fields.base as { relation?: unknown } | undefined)?.relation);
    if (type === "CreateTableAsStmt") add((fields.into as { rel?: unknown } | undefined)?.rel);
    if (type === "CreateSeqStmt") add(fields.sequence);
    if (type === "SelectStmt" && fields.intoClause) add((fields.intoClause as { rel?: unknown }).rel);
  });
  return found;
}

function droppedBy(node: Node, kinds: readonly string[]): QualifiedName[] {
  if (!("DropStmt" in node) || !kinds.includes(node.DropStmt.removeType ?? "")) return [];
  return (node.DropStmt.objects ?? []).map((object) => listedName(stringsOf(object)));
}

/** Of triggers, rules and policies it is the table that is touched. */
const ofTable = ["OBJECT_TRIGGER", "OBJECT_RULE", "OBJECT_POLICY"];
const relations = ["TABLE", "INDEX", "VIEW", "MATVIEW", "SEQUENCE", "FOREIGN_TABLE"].map((kind) => `OBJECT_${kind}`);

function touchedBy(node: Node): QualifiedName[] {
  const found = droppedBy(node, relations);
  if ("DropStmt" in node && ofTable.includes(node.DropStmt.removeType ?? ""))
    found.push(...(node.DropStmt.objects ?? []).map((object) => listedName(stringsOf(object).slice(0, -1))));
  walk([node], (type, fields) => {
    if (type === "RangeVar") found.push(relationName(fields));
  });
  return found;
}

const gentleCommands = ["AT_ValidateConstraint", "AT_SetStatistics"];
const gentleStatements = ["CommentStmt", "CreateStatsStmt", "AlterStatsStmt", "VacuumStmt"];

function isGentle(node: Node): boolean {
  const [type] = typeOf(node);
  if ("AlterTableStmt" in node)
    return (node.AlterTableStmt.cmds ?? []).every(
      (cmd) => "AlterTableCmd" in cmd && gentleCommands.includes(cmd.AlterTableCmd.subtype ?? ""),
    );
  return gentleStatements.includes(type);
}

const mildStatements = ["SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt", "CreateTableAsStmt"];
const opaqueStatements = [
  "DoStmt",
  "CallStmt",
  "CreateFunctionStmt",
  "CreateSchemaStmt",
  "CreateSeqStmt",
  "CreateEnumStmt",
];

/** Everything else than reading, writing and making something new is taken to lock what it names. */
function isStrong(node: Node): boolean {
  const [type, fields] = typeOf(node);
  if (type === "RefreshMatViewStmt") return fields.concurrent !== true;
  return !isGentle(node) && ![...mildStatements, ...opaqueStatements, "CreateStmt"].includes(type);
}
