import type { Node } from "libpg-query";
import { nodesOf, parseBody, syntaxError } from "./parser";
import { stringsOf, typeOf, walk } from "./tree";

export type Body = {
  /** The statements in it; what it puts together as text and executes is not among them. */
  statements: Node[];
  /** Whether it ends transactions itself. */
  isCommitting: boolean;
  problem?: string;
};

/**
 * What stands in a DO or a CREATE FUNCTION in PL/pgSQL or SQL; undefined for every other statement. Names of types and variables are not
 * looked up: what a body lacks of those only the server can tell.
 */
export function bodyOf(node: Node, sql: string): Body | undefined {
  const [type, fields] = typeOf(node);
  if (type !== "DoStmt" && type !== "CreateFunctionStmt") return undefined;
  const options = new Map<string, string>();
  walk(fields.args ?? fields.options, (kind, option) => {
    if (kind === "DefElem") options.set(String(option.defname), stringsOf([option.arg]).join("\n"));
  });
  const text = options.get("as");
  const language = options.get("language") ?? (type === "DoStmt" ? "plpgsql" : "sql");
  if (text === undefined) return undefined;
  if (language === "sql") {
    const wrong = syntaxError(text);
    return { statements: nodesOf(text), isCommitting: false, ...(wrong && { problem: wrong.message }) };
  }
  return language === "plpgsql" ? plpgsqlBody(sql) : undefined;
}

function plpgsqlBody(sql: string): Body {
  const parsed = parseBody(sql);
  if ("message" in parsed) {
    // Its other complaints are about names, which it cannot know without a server.
    const isSyntax = / at or near "| at end of input$|^unterminated /.test(parsed.message);
    return { statements: [], isCommitting: false, ...(isSyntax && { problem: parsed.message }) };
  }
  const body: Body = { statements: [], isCommitting: false };
  walk(parsed.tree, (type, fields) => {
    if (type === "PLpgSQL_stmt_commit" || type === "PLpgSQL_stmt_rollback") body.isCommitting = true;
    if (type === "PLpgSQL_expr" && Number(fields.parseMode ?? 0) === 0)
      body.statements.push(...nodesOf(String(fields.query)));
  });
  return body;
}
