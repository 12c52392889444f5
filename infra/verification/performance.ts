import type pg from "pg";
import { expectStatus } from "./application";
import { judgeJournal, linesAfter } from "./journal";
import { indexUses, planScans, providerQueries, providerStatements, statementsSince } from "./performance-queries";
import type { Round } from "./round";

export async function statementsFast(round: Round): Promise<string> {
  const { statementMs } = round.subject.settings.verification.performance;
  const role = round.subject.applicationRole;
  const before = await round.statementsBefore;
  return round.database(async (client) => {
    const rows = statementsSince(before, await providerStatements(client, role));
    // These checks list, make and remove providers: a role without a statement is not the one that the release uses.
    if (rows.length === 0)
      throw new Error(`no statement on providers or models was counted for ${role} while these checks ran`);
    const slow = rows.filter((row) => row.meanMs > statementMs);
    const words = (row: (typeof rows)[number]) =>
      `${row.meanMs.toFixed(1)} ms on average in ${row.calls} calls: ${row.query.slice(0, 200)}`;
    if (slow.length > 0) throw new Error(`slower than ${statementMs} ms: ${slow.map(words).join("; ")}`);
    return `slowest of ${rows.length} statements of ${role} while these checks ran: ${words(rows[0]!)}`;
  });
}

/** PostgreSQL rightly scans small tables, so the check is whether an index can serve each query. */
export async function indexesServe(round: Round): Promise<string> {
  return round.database(async (client) => {
    const bad: string[] = [];
    const good: string[] = [];
    for (const { name, sql } of providerQueries) {
      const { indexes, wholeTables } = planScans(await planOf(client, sql));
      if (wholeTables.length > 0 || indexes.length === 0)
        bad.push(wholeTables.length > 0 ? `${name}: full scan of ${wholeTables.join(", ")}` : `${name}: no index used`);
      else good.push(`${name} uses ${indexes.join(", ")}`);
    }
    const uses = await indexUses(client);
    const invalid = uses.filter((row) => !row.isValid);
    bad.push(...invalid.map((row) => `${row.name} is invalid`));
    if (bad.length > 0) throw new Error(bad.join("; "));
    const never = uses.filter((row) => row.scans === 0).map((row) => row.name);
    return `${good.join("; ")}; not used since the statistics were reset: ${never.join(", ") || "none"}`;
  });
}

async function planOf(client: pg.Client, sql: string): Promise<unknown> {
  await client.query("begin read only");
  try {
    await client.query("set local enable_seqscan = off");
    const { rows } = await client.query<{ "QUERY PLAN": unknown }>(`explain (format json) ${sql}`);
    return rows[0]?.["QUERY PLAN"];
  } finally {
    await client.query("rollback");
  }
}

export async function memoryWithin(round: Round): Promise<string> {
  const { memoryPercent } = round.subject.settings.verification.performance;
  const { bytes, limitBytes, source } = await round.subject.backend.memory();
  const mib = (value: number) => `${Math.round(value / 1_048_576)} MiB`;
  const said = `${mib(bytes)} of ${mib(limitBytes)} (${Math.round((bytes / limitBytes) * 100)} %), by ${source}`;
  if (bytes * 100 > limitBytes * memoryPercent)
    throw new Error(`${said}: more than ${memoryPercent} % (verification.performance.memoryPercent)`);
  return said;
}

export async function responseTimes(round: Round): Promise<string> {
  const { calls, p50Ms, p95Ms } = round.subject.settings.verification.performance;
  const { providers } = round.application.routes;
  const token = await round.token("admin");
  const times: number[] = [];
  for (let call = 0; call < calls; call++) {
    const answer = await round.application.ask("GET", providers, { token });
    expectStatus(answer, providers, [200]);
    times.push(answer.durationMs);
  }
  const [p50, p95] = [percentile(times, 50), percentile(times, 95)];
  const said = `p50 ${p50} ms, p95 ${p95} ms of ${calls} calls of GET ${providers}`;
  if (p50 > p50Ms || p95 > p95Ms)
    throw new Error(`${said}: more than ${p50Ms} or ${p95Ms} ms (verification.performance)`);
  return said;
}

/** Nearest rank, so always a measured value. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}

export async function noErrorInJournal(round: Round): Promise<string> {
  return journal(round, "errors", "at error level");
}

/** APP-3.1 covers lines at error level; this covers lower levels. */
export async function noTroubleInJournal(round: Round): Promise<string> {
  return journal(round, "troubles", "that report slowness, a timeout or an error");
}

async function journal(round: Round, part: "errors" | "troubles", what: string): Promise<string> {
  const all = await round.subject.backend.journal();
  if (all.length === 0) throw new Error("the journal has no line since the backend started, so nothing was checked");
  // A release's own name, which a line may give, means nothing: `v2-slow-start` is no trouble.
  const lines = linesAfter(all, await round.journalSeen).map(({ priority, message }) => ({
    priority,
    message: message.replaceAll(round.subject.release, ""),
  }));
  const since = `since ${round.subject.journalFrom === "its start" ? "the backend started" : "these checks began"}`;
  const found = judgeJournal(lines, round.subject.settings.verification.journal)[part];
  if (found.length > 0)
    throw new Error(
      `${found.length} of ${lines.length} lines ${what}: ${found
        .slice(0, 5)
        .map((row) => row.slice(0, 300))
        .join(" | ")}`,
    );
  return `${lines.length} lines ${since}, none ${what}`;
}
