import { tokenize, withoutQuoted } from "./lexer";
/**
 * Reads a migration's SQL with its directives (sql/README.md gives them).
 *
 * @throws with the file's name and line for an unknown or misplaced directive, a CONCURRENTLY without one, transaction
 * control, and a batch that lacks its parameters.
 */
export function parseScript(file, text) {
    const script = { units: [], creates: [], isBaseline: false };
    let pending = { when: [] };
    let block;
    const fail = (line, message) => {
        throw new Error(`${file}:${line}: ${message}`);
    };
    for (const token of tokensOf(file, text)) {
        if (token.kind === "directive") {
            const { name, argument, line } = token;
            if (name === "creates")
                script.creates.push(...argument.split(/\s+/));
            else if (name === "baseline")
                script.isBaseline = true;
            else if (name === "when")
                pending.when.push(`(${argument})`);
            else if (name === "unless")
                pending.when.push(`NOT (${argument})`);
            else if (name === "gentle")
                pending.isGentle = true;
            else if (name === "end") {
                if (!block || block.statements.length === 0)
                    return fail(line, "migrate:end without statements after a migrate:transaction");
                block = undefined;
            }
            else if (name === "transaction" || name === "no-transaction" || name === "index" || name === "batch" || name === "check") {
                if (pending.kind || block)
                    fail(line, `migrate:${name} inside another one`);
                if ((name === "index") !== (argument !== ""))
                    fail(line, "only migrate:index takes a name: that of the index, with its schema");
                pending.kind = name;
                if (name === "index")
                    pending.index = argument;
            }
            else
                fail(line, `there is no directive migrate:${name}`);
            if (block && name !== "when" && name !== "unless")
                fail(line, `migrate:${name} inside a transaction`);
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
        if (pending.kind === "transaction")
            block = unit;
        pending = { when: [] };
    }
    if (block)
        fail(block.line, "migrate:transaction without migrate:end");
    if (pending.kind ?? pending.when[0])
        fail(text.split("\n").length, "a directive without a statement after it");
    return script;
}
function tokensOf(file, text) {
    try {
        return tokenize(text);
    }
    catch (error) {
        throw new Error(`${file}, ${error instanceof Error ? error.message : String(error)}`);
    }
}
function unitOf(pending, token, number) {
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
function refuse(sql, kind, fail) {
    const bare = withoutQuoted(sql);
    if (/^(BEGIN|START\s+TRANSACTION|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE)\b/i.test(bare)) {
        fail("transactions are the engine's: use migrate:transaction and migrate:end");
    }
    if (/^CREATE\s+(UNIQUE\s+)?INDEX\s+CONCURRENTLY\b/i.test(bare)) {
        if (kind !== "index")
            fail("an index built concurrently needs migrate:index and its name: a crash leaves it invalid");
    }
    else if (kind === "index")
        fail("migrate:index is for CREATE INDEX CONCURRENTLY");
    else if (/\bCONCURRENTLY\b/i.test(bare) && kind !== "no-transaction")
        fail("CONCURRENTLY needs migrate:no-transaction");
    if (kind === "batch" && !(/\$1\b/.test(sql) && /\$2\b/.test(sql) && /\blast_key\b/.test(sql))) {
        fail("a batch takes $1 (the key after which it begins, or null) and $2 (how many rows) and returns last_key, seen, changed");
    }
}
