import { syntaxError } from "../sql/parser";
import { wrongCondition } from "./statement-rules";

/** What a comment line `-- migrate:NAME argument` says of the statement after it. */
export type Directive = { name: DirectiveName; argument: string; at: number };

const withArgument = ["when", "unless"] as const;
const withoutArgument = ["baseline", "transaction", "end", "gentle", "batch", "check"] as const;
type DirectiveName = (typeof withArgument)[number] | (typeof withoutArgument)[number];

/**
 * The directive that a comment is, or what is wrong with it; undefined for every other comment. What a statement is and which names it
 * makes is read from the statement itself: a directive says only what a person has to decide.
 */
export function readDirective(comment: {
  start: number;
  text: string;
}): Directive | { message: string; at: number } | undefined {
  const match = /^--\s*migrate:(\S*)\s*(.*?)\s*$/s.exec(comment.text);
  if (!match) return undefined;
  const [, name = "", argument = ""] = match;
  const at = comment.start;
  if ((withoutArgument as readonly string[]).includes(name))
    return argument === ""
      ? { name: name as DirectiveName, argument, at }
      : { message: `migrate:${name} takes nothing: the names are read from the statements`, at };
  if (!(withArgument as readonly string[]).includes(name))
    return {
      message: `there is no directive migrate:${name}: there are ${[...withoutArgument, ...withArgument].join(", ")}. Statements that run concurrently, and the names of tables and indexes, are read from the SQL`,
      at,
    };
  const conditionAt = at + Buffer.byteLength(comment.text.slice(0, comment.text.length - argument.length));
  const wrong = syntaxError(`SELECT (${argument}\n)`);
  if (argument === "" || wrong !== undefined)
    return {
      message: `migrate:${name} needs a condition in SQL: ${wrong?.message ?? "there is none"}`,
      at:
        argument === ""
          ? at
          : conditionAt + Math.min(Math.max(0, (wrong?.at ?? 0) - "SELECT (".length), argument.length),
    };
  const refused = wrongCondition(argument);
  return refused === undefined
    ? { name: name as DirectiveName, argument, at }
    : { message: `migrate:${name}: ${refused}`, at: conditionAt };
}
