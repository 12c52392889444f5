import { type ParsedStatement, parseSql } from "../sql/parser";
import type { Problem, SqlSource } from "../sql/source";
import { distinctNames, isSameName, type QualifiedName } from "../sql/tree";
import { type Directive, readDirective } from "./directives";
import { readStatement, type Statement, type Steps } from "./statement";
import { type Place, readBatch, wrongsOf } from "./statement-rules";

/**
 * One thing that is done or not done: the engine may be killed between any two of them.
 * - `transaction`: its statements in one transaction; the form of every statement that neither directive nor kind makes another
 * - `steps`: one statement that PostgreSQL commits in several steps, outside a transaction
 * - `batch`: one statement, run again and again in key order, a transaction each time
 * - `check`: reads only; when it raises, nothing has been changed yet
 */
export type Unit = {
  /** From 1, in the order of the file: what the journal calls it. */
  number: number;
  kind: "transaction" | "steps" | "batch" | "check";
  /** Gentle: its locks hold up neither readers nor writers, so it may wait long for them. */
  isGentle: boolean;
  statements: string[];
  /** Conditions in SQL, all of which must hold or the unit is skipped. */
  when: string[];
  /** `steps` only. */
  steps?: Steps;
  /** `batch` only: where $1 and $2 stand in the statement, in bytes. */
  parameters?: { number: 1 | 2; at: number }[];
  /** The relations that it names. */
  touches: QualifiedName[];
  /** First words, for people. */
  summary: string;
  line: number;
};

export type Script = {
  units: Unit[];
  /** Tables and sequences that it makes, and those that it drops. */
  creates: QualifiedName[];
  drops: QualifiedName[];
  /** When one of `creates` exists on a database without a journal, the version is recorded instead of run. */
  isBaseline: boolean;
};

/** Reads a migration's SQL with its directives (sql/README.md gives them), and everything in it that cannot run. */
export function parseScript(source: SqlSource): { script: Script; problems: Problem[] } {
  const { statements, comments, problems } = parseSql(source);
  const reading = new ScriptReading(source, problems);
  const parts = [
    ...comments.map((comment) => ({ at: comment.start, comment })),
    ...statements.map((statement) => ({ at: statement.start, statement })),
  ].sort((a, b) => a.at - b.at);
  for (const part of parts) {
    if ("statement" in part) reading.addStatement(part.statement);
    else if (statements.some(({ start, end }) => part.at > start && part.at < end)) reading.refuseInside(part.comment);
    else reading.addComment(part.comment);
  }
  return { script: reading.end(), problems };
}

type Pending = { kind?: "transaction" | "batch" | "check"; isGentle?: boolean; when: string[]; at: number };

class ScriptReading {
  private readonly units: Unit[] = [];
  private readonly statements: Statement[] = [];
  private baselineAt: number | undefined;
  private pending: Pending = { when: [], at: -1 };
  private block: { unit: Unit | undefined; at: number; isGentle: boolean } | undefined;

  constructor(
    private readonly source: SqlSource,
    private readonly problems: Problem[],
  ) {}

  addComment(comment: { start: number; text: string }): void {
    const directive = readDirective(comment);
    if (directive === undefined) return;
    if ("message" in directive) this.fail(directive.at, directive.message);
    else this.addDirective(directive);
  }

  refuseInside(comment: { start: number; text: string }): void {
    if (readDirective(comment) !== undefined)
      this.fail(comment.start, "a directive stands inside a statement; is a semicolon missing before it?");
  }

  private addDirective({ name, argument, at }: Directive): void {
    if (name === "baseline") this.baselineAt = at;
    else if (name === "end") {
      if (this.block?.unit === undefined) this.fail(at, "migrate:end without statements after a migrate:transaction");
      this.block = undefined;
    } else if (this.block?.unit !== undefined && name !== "when" && name !== "unless")
      this.fail(at, `migrate:${name} inside a transaction`);
    else {
      this.pending.at = at;
      if (name === "when" || name === "unless")
        this.pending.when.push(name === "when" ? `(${argument}\n)` : `NOT (${argument}\n)`);
      else if (name === "gentle") this.pending.isGentle = true;
      else if (this.pending.kind || this.block) this.fail(at, `migrate:${name} inside another one`);
      else {
        this.pending.kind = name;
        if (name === "transaction") this.block = { unit: undefined, at, isGentle: false };
      }
    }
  }

  addStatement({ node, start, end }: ParsedStatement): void {
    const sql = this.source.slice(start, end);
    const statement = readStatement(node, sql);
    const { kind, when } = this.pending;
    const place: Place = this.block
      ? "transaction"
      : kind === "batch"
        ? "batch"
        : kind === "check"
          ? "reading"
          : "alone";
    for (const { message, at } of wrongsOf(statement, place)) this.fail(at ?? start, message);
    this.statements.push(statement);
    const block = this.block;
    if (block) block.isGentle ||= this.pending.isGentle === true;
    const isCalledGentle = block?.isGentle ?? this.pending.isGentle === true;
    if (isCalledGentle) this.holdGentle(statement, start);
    if (block?.unit) {
      if (when.length > 0)
        this.fail(start, "conditions belong to the whole transaction: put them before its first statement");
      block.unit.statements.push(sql);
      block.unit.touches.push(...statement.touches);
      block.unit.isGentle &&= statement.isGentle || isCalledGentle;
    } else {
      const unit: Unit = {
        number: this.units.length + 1,
        kind: statement.steps && !block ? "steps" : (kind ?? "transaction"),
        isGentle: statement.isGentle || isCalledGentle || kind === "check",
        statements: [sql],
        when,
        ...(statement.steps && !block && { steps: statement.steps }),
        touches: [...statement.touches],
        summary: sql.replace(/\s+/g, " ").slice(0, 90),
        line: this.source.lineOf(start),
      };
      if (kind === "batch") {
        const { wrongs, parameters } = readBatch(node);
        for (const { message, at } of wrongs) this.fail(at ?? start, message);
        unit.parameters = parameters.map(({ number, at }) => ({ number, at: at - start }));
      }
      this.units.push(unit);
      if (block) block.unit = unit;
    }
    this.pending = { when: [], at: -1 };
  }

  /** Waiting long for a lock that holds others up would hold them up for as long. A table that this very file makes has no others yet. */
  private holdGentle(statement: Statement, at: number): void {
    const made = this.statements.flatMap(({ creates }) => creates);
    const others = statement.touches.filter((name) => !made.some((one) => isSameName(one, name)));
    if (statement.isStrong && others.length > 0)
      this.fail(at, "migrate:gentle before a statement whose lock holds up readers or writers");
  }

  end(): Script {
    const creates = distinctNames(this.statements.flatMap((statement) => statement.creates));
    if (this.block) this.fail(this.block.at, "migrate:transaction without migrate:end");
    else if (this.pending.at >= 0) this.fail(this.pending.at, "a directive without a statement after it");
    if (this.baselineAt !== undefined && creates.length === 0)
      this.fail(
        this.baselineAt,
        "migrate:baseline in a file without CREATE TABLE: nothing would tell that it is there already",
      );
    return {
      units: this.units,
      creates,
      drops: distinctNames(this.statements.flatMap((statement) => statement.drops)),
      isBaseline: this.baselineAt !== undefined,
    };
  }

  private fail(at: number, message: string): void {
    this.problems.push(this.source.problem(at, message));
  }
}

/** Reads statements that have no directives, and everything in them that cannot run where they stand. */
export function parseStatements(source: SqlSource, place: Place): { statements: string[]; problems: Problem[] } {
  const { statements, problems } = parseSql(source);
  for (const { node, start, end } of statements)
    for (const { message, at } of wrongsOf(readStatement(node, source.slice(start, end)), place))
      problems.push(source.problem(at ?? start, message));
  return { statements: statements.map(({ start, end }) => source.slice(start, end)), problems };
}
