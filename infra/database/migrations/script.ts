import { type Token, tokenize, withoutQuoted } from "./lexer";

/**
 * One thing that is done or not done: the engine may be killed between any two of them.
 * - `transaction`: its statements in one transaction; the form of every statement that no directive precedes
 * - `outside`: one statement that refuses transactions
 * - `index`: CREATE INDEX CONCURRENTLY; before each attempt an invalid index of that name is dropped
 * - `batch`: one statement, run again and again in key order, a transaction each time
 * - `check`: reads only; when it raises, nothing has been changed yet
 */
export type Unit = {
  /** From 1, in the order of the file: what the journal calls it. */
  number: number;
  kind: "transaction" | "outside" | "index" | "batch" | "check";
  /** Gentle: its locks hold up neither readers nor writers, so it may wait long for them. */
  isGentle: boolean;
  statements: string[];
  /** Conditions in SQL, all of which must hold or the unit is skipped. */
  when: string[];
  /** Schema-qualified; `index` only. */
  index?: string;
  /** First words, for people. */
  summary: string;
  line: number;
};

export type Script = {
  units: Unit[];
  /** Tables of which none exists before this version. */
  creates: string[];
  /** When one of `creates` exists on a database without a journal, the version is recorded instead of run. */
  isBaseline: boolean;
};

/**
 * Reads a migration's SQL with its directives (sql/README.md gives them).
 *
 * @throws with the file's name and line for an unknown or misplaced directive, a CONCURRENTLY without one, transaction
 * control, and a batch that lacks its parameters.
 */
export function parseScript(file: string, text: string): Script {
  const script: Script = { units: [], creates: [], isBaseline: false };
  let pending: Pending = { when: [] };
  let block: Unit | undefined;
  const fail = (line: number, message: string): never => {
    throw new Error(`${file}:${line}: ${message}`);
  };
  for (const token of tokensOf(file, text)) {
    if (token.kind === "directive") {
      const { name, argument, line } = token;
      if (name === "creates") script.creates.push(...argument.split(/\s+/));
      else if (name === "baseline") script.isBaseline = true;
      else if (name === "when") pending.when.push(`(${argument})`);
      else if (name === "unless") pending.when.push(`NOT (${argument})`);
      else if (name === "gentle") pending.isGentle = true;
      else if (name === "end") {
        if (!block || block.statements.length === 0)
          return fail(line, "migrate:end without statements after a migrate:transaction");
        block = undefined;
      } else if (
        name === "transaction" ||
        name === "no-transaction" ||
        name === "index" ||
        name === "batch" ||
        name === "check"
      ) {
        if (pending.kind || block) fail(line, `migrate:${name} inside another one`);
        if ((name === "index") !== (argument !== ""))
          fail(line, "only migrate:index takes a name: that of the index, with its schema");
        pending.kind = name;
        if (name === "index") pending.index = argument;
      } else fail(line, `there is no directive migrate:${name}`);
      if (block && name !== "when" && name !== "unless") fail(line, `migrate:${name} inside a transaction`);
      continue;
    }
    refuse(token.sql, block ? "transaction" : pending.kind, (message) => fail(token.line, message));
    if (block) {
      if (pending.when.length > 0)
        fail(token.line, "conditions belong to the whole transaction: put them before its first statement");
      block.statements.push(token.sql);
      continue;
    }
    const unit = unitOf(pending, token, script.units.length + 1);
    script.units.push(unit);
    if (pending.kind === "transaction") block = unit;
    pending = { when: [] };
  }
  if (block) fail(block.line, "migrate:transaction without migrate:end");
  if (pending.kind ?? pending.when[0]) fail(text.split("\n").length, "a directive without a statement after it");
  return script;
}

type Pending = {
  kind?: "transaction" | "no-transaction" | "index" | "batch" | "check";
  index?: string;
  isGentle?: boolean;
  when: string[];
};

function tokensOf(file: string, text: string): Token[] {
  try {
    return tokenize(text);
  } catch (error) {
    throw new Error(`${file}, ${error instanceof Error ? error.message : String(error)}`);
  }
}

function unitOf(pending: Pending, token: { sql: string; line: number }, number: number): Unit {
  const { kind = "transaction", index } = pending;
  return {
    number,
    kind: kind === "no-transaction" ? "outside" : kind,
    // What runs concurrently takes SHARE UPDATE EXCLUSIVE at most; a check only reads.
    isGentle: pending.isGentle ?? (kind === "index" || kind === "no-transaction" || kind === "check"),
    statements: [token.sql],
    when: pending.when,
    ...(index === undefined ? {} : { index }),
    summary: token.sql.replace(/\s+/g, " ").slice(0, 90),
    line: token.line,
  };
}

function refuse(sql: string, kind: Pending["kind"], fail: (message: string) => void): void {
  const bare = withoutQuoted(sql);
  if (/^(BEGIN|START\s+TRANSACTION|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE)\b/i.test(bare)) {
    fail("transactions are the engine's: use migrate:transaction and migrate:end");
  }
  if (/^CREATE\s+(UNIQUE\s+)?INDEX\s+CONCURRENTLY\b/i.test(bare)) {
    if (kind !== "index")
      fail("an index built concurrently needs migrate:index and its name: a crash leaves it invalid");
  } else if (kind === "index") fail("migrate:index is for CREATE INDEX CONCURRENTLY");
  else if (/\bCONCURRENTLY\b/i.test(bare) && kind !== "no-transaction")
    fail("CONCURRENTLY needs migrate:no-transaction");
  if (kind === "batch" && !(/\$1\b/.test(sql) && /\$2\b/.test(sql) && /\blast_key\b/.test(sql))) {
    fail(
      "a batch takes $1 (the key after which it begins, or null) and $2 (how many rows) and returns last_key, seen, changed",
    );
  }
}
