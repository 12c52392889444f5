import type { Node } from "libpg-query";
import { nodesOf } from "../sql/parser";
import { stringsOf, typeOf, walk } from "../sql/tree";
import type { Statement } from "./statement";

/** Where a statement stands: by itself, among others in one transaction, as a batch, or where only reading is allowed. */
export type Place = "alone" | "transaction" | "batch" | "reading";

/** What is wrong with a statement where it stands; `at` is a position in its file, in bytes, where the tree gives one. */
export type Wrong = { message: string; at?: number };

/** The engine sets these for each statement: they hold the lock budget, and what names mean. */
const engineSettings = [
  "lock_timeout",
  "statement_timeout",
  "transaction_timeout",
  "idle_in_transaction_session_timeout",
  "deadlock_timeout",
  "search_path",
  "row_security",
  "role",
  "session_authorization",
  "session_replication_role",
];

const sessionStatements: Record<string, string> = {
  DiscardStmt: "DISCARD",
  PrepareStmt: "PREPARE",
  ExecuteStmt: "EXECUTE",
  DeallocateStmt: "DEALLOCATE",
  DeclareCursorStmt: "DECLARE",
  FetchStmt: "FETCH",
  ClosePortalStmt: "CLOSE",
  ListenStmt: "LISTEN",
  UnlistenStmt: "UNLISTEN",
  LoadStmt: "LOAD",
};

const serverStatements = [
  "CreatedbStmt",
  "DropdbStmt",
  "CreateTableSpaceStmt",
  "DropTableSpaceStmt",
  "AlterSystemStmt",
  "CreateSubscriptionStmt",
  "DropSubscriptionStmt",
];

const writing = /^(Insert|Update|Delete|Merge)Stmt$/;

/** Everything about the statement that cannot work where it stands. */
export function wrongsOf(statement: Statement, place: Place): Wrong[] {
  const { node, steps, body } = statement;
  const [type, fields] = typeOf(node);
  const wrongs: Wrong[] = [];
  const wrong = (message: string, at?: unknown): void =>
    void wrongs.push({ message, ...(typeof at === "number" && at >= 0 && { at }) });

  if (body?.problem !== undefined) wrong(`in its body: ${body.problem}`);
  if (type === "TransactionStmt") wrong("transactions are the engine's: use migrate:transaction and migrate:end");
  if (type === "VariableSetStmt") wrongs.push(...wrongSetting(fields, place));
  if (sessionStatements[type] !== undefined)
    wrong(`${sessionStatements[type]} acts on a session, and each statement has one of its own`);
  if (serverStatements.includes(type))
    wrong("this acts on the server or on other databases, where nothing can be undone");
  if (type === "CopyStmt") wrong("COPY has no client or file here: write INSERT");
  if (type === "ConstraintsSetStmt" && place !== "transaction")
    wrong("SET CONSTRAINTS ends with its transaction: put it and what needs it into a migrate:transaction");
  if (
    steps !== undefined &&
    place !== "alone" &&
    !(steps.of === "procedure" && type === "CallStmt" && place === "transaction")
  )
    wrong(
      `${nameOf(statement)} commits in several steps: it stands by itself, neither in a transaction nor as a batch or check`,
    );
  wrongs.push(...wrongIndexes(node));
  if (place === "reading" && !["SelectStmt", "DoStmt", ""].includes(type))
    wrong("only SELECT and DO can stand here: it is run read only");

  walk([node], (kind, inner) => {
    if (place === "reading" && !writing.test(type) && (writing.test(kind) || inner.intoClause !== undefined))
      wrong("this writes, and it is run read only");
    // A function's body belongs to whoever calls it.
    if (type === "CreateFunctionStmt") return;
    if (kind === "RangeVar" && inner.relpersistence === "t" && place !== "transaction")
      wrong(
        "a temporary table ends with its session: put it and what needs it into a migrate:transaction",
        inner.location,
      );
    if (kind === "ParamRef" && place !== "batch")
      wrong(`there is no parameter $${inner.number ?? 0}: only a migrate:batch has some`, inner.location);
    if (kind === "FuncCall") wrongs.push(...wrongCall(inner));
  });
  if (type === "DoStmt")
    for (const { message } of (body?.statements ?? []).flatMap((inner) => wrongInside(inner, place)))
      wrong(`in its body: ${message}`);
  return wrongs;
}

/** A body has no places that the file's reader could find: what is wrong there is said at its statement. */
function wrongInside(node: Node, place: Place): Wrong[] {
  const [type, fields] = typeOf(node);
  const wrongs = type === "VariableSetStmt" ? wrongSetting(fields, "transaction") : [];
  walk([node], (kind, inner) => {
    if (kind === "FuncCall") wrongs.push(...wrongCall(inner));
    if (place === "reading" && writing.test(kind)) wrongs.push({ message: "this writes, and it is run read only" });
  });
  return wrongs;
}

function wrongSetting(fields: Record<string, unknown>, place: Place): Wrong[] {
  const name = String(fields.name ?? "all settings");
  if (fields.kind === "VAR_SET_MULTI" && name !== "SESSION CHARACTERISTICS")
    return [{ message: `SET ${name} belongs to the engine, which begins the transaction` }];
  if (engineSettings.includes(name)) return [{ message: engineOwns(name) }];
  if (fields.is_local !== true)
    return [
      {
        message: `SET ${name} would end with its own statement: use SET LOCAL in a migrate:transaction, with what needs it`,
      },
    ];
  return place === "transaction"
    ? []
    : [{ message: `SET LOCAL ${name} ends with its transaction: put it and what needs it into a migrate:transaction` }];
}

function engineOwns(name: string): string {
  if (name === "search_path")
    return "search_path is the engine's: it is public; write the schema before every other name";
  if (/^(role|session_)/.test(name)) return `${name} is the engine's: every statement runs as the schema's owner`;
  return `${name} is the engine's: a script cannot change the time that it may hold others up`;
}

/** `set_config` does what SET does. */
function wrongCall(fields: Record<string, unknown>): Wrong[] {
  if (stringsOf(fields.funcname).at(-1) !== "set_config") return [];
  const [name, , isLocal] = (fields.args ?? []) as Node[];
  const constant = (node: unknown) =>
    (node as { A_Const?: Record<string, { sval?: string; boolval?: boolean }> })?.A_Const;
  const setting = constant(name)?.sval?.sval?.toLowerCase() ?? "";
  const at = fields.location as number | undefined;
  if (engineSettings.includes(setting)) return [{ message: engineOwns(setting), ...(at !== undefined && { at }) }];
  if (constant(isLocal)?.boolval !== undefined && constant(isLocal)?.boolval?.boolval !== true)
    return [
      {
        message: `set_config with false would end with its own statement: use true in a migrate:transaction, with what needs it`,
        ...(at !== undefined && { at }),
      },
    ];
  return [];
}

function wrongIndexes(node: Node): Wrong[] {
  if ("IndexStmt" in node && node.IndexStmt.concurrent && !node.IndexStmt.idxname)
    return [
      { message: "an index that is built concurrently needs a name: without one each attempt would build another" },
    ];
  if ("DropStmt" in node && node.DropStmt.concurrent && (node.DropStmt.objects ?? []).length > 1)
    return [{ message: "DROP INDEX CONCURRENTLY takes one index at a time" }];
  if ("DropStmt" in node && node.DropStmt.concurrent && node.DropStmt.behavior === "DROP_CASCADE")
    return [{ message: "DROP INDEX CONCURRENTLY cannot be CASCADE" }];
  if ("ReindexStmt" in node && !["REINDEX_OBJECT_INDEX", "REINDEX_OBJECT_TABLE"].includes(node.ReindexStmt.kind ?? ""))
    return [{ message: "REINDEX of a schema or database: name each table or index" }];
  if ("ClusterStmt" in node && !node.ClusterStmt.relation) return [{ message: "CLUSTER needs a table" }];
  return [];
}

function nameOf({ steps }: Statement): string {
  switch (steps?.of) {
    case "create-index":
      return "CREATE INDEX CONCURRENTLY";
    case "drop-index":
      return "DROP INDEX CONCURRENTLY";
    case "reindex":
      return "REINDEX CONCURRENTLY";
    case "detach-partition":
      return "DETACH PARTITION CONCURRENTLY";
    case "procedure":
      return "a procedure, or a body with COMMIT,";
    default:
      return "VACUUM";
  }
}

/** Where a batch's parameters stand, in bytes of the file. */
export type Parameter = { number: 1 | 2; at: number };

/** What a batch lacks, and where its parameters stand. */
export function readBatch(node: Node): { wrongs: Wrong[]; parameters: Parameter[] } {
  const parameters: Parameter[] = [];
  const wrongs: Wrong[] = [];
  walk([node], (type, fields) => {
    if (type !== "ParamRef") return;
    const { number, location } = fields as { number?: number; location?: number };
    if (number === 1 || number === 2) parameters.push({ number, at: location ?? 0 });
    else wrongs.push({ message: `a batch has no parameter $${number ?? 0}`, at: location ?? 0 });
  });
  const answered = columnsOf(node);
  const lacks = [
    ...[1, 2].filter((number) => !parameters.some((one) => one.number === number)).map((number) => `$${number}`),
    ...["last_key", "seen", "changed"].filter((column) => !answered.includes(column)),
  ];
  if (lacks.length > 0)
    wrongs.push({
      message:
        `this batch has no ${lacks.join(", no ")}: ` +
        "a batch takes $1 (the key after which it begins, or null) and $2 (how many rows) and answers last_key, seen, changed",
    });
  return { wrongs, parameters: parameters.sort((a, b) => a.at - b.at) };
}

function columnsOf(node: unknown): string[] {
  const [, fields] = typeOf(node as Node);
  const list = (
    fields.targetList && "SelectStmt" in (node as object) ? fields.targetList : fields.returningList
  ) as unknown;
  const returning = list ?? (fields.returningClause as { exprs?: unknown } | undefined)?.exprs;
  return ((returning ?? []) as { ResTarget?: { name?: string; val?: unknown } }[]).map(
    ({ ResTarget: target }) => target?.name ?? stringsOf([target?.val]).at(-1) ?? "",
  );
}

/** What is wrong with a condition, which has to be one expression that only reads. */
export function wrongCondition(condition: string): string | undefined {
  const nodes = nodesOf(`SELECT (${condition}\n) AS needed`);
  const [node] = nodes;
  if (node === undefined || nodes.length > 1 || !("SelectStmt" in node) || columnsOf(node).join() !== "needed")
    return "the condition is not one expression of SQL";
  let found: string | undefined;
  walk([node], (type, fields) => {
    if (writing.test(type)) found = "a condition only reads";
    if (type === "FuncCall") found ??= wrongCall(fields)[0]?.message;
  });
  return found;
}
