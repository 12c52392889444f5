import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";

type Job = { environment?: unknown; permissions?: unknown; steps?: { uses?: string; run?: string }[]; uses?: string };
type Workflow = { on?: unknown; permissions?: unknown; env?: unknown; jobs?: Record<string, Job> };

const folder = ".github/workflows";

/** Whether only code that main has already starts it. A branch's own version of a workflow runs for whatever else it listens to. */
function isOfMainAlone(on: unknown): boolean {
  if (on === "schedule") return true;
  if (on === null || typeof on !== "object" || Array.isArray(on)) return false;
  return Object.entries(on as Record<string, { branches?: unknown } | null>).every(
    ([event, filter]) =>
      event === "schedule" || (event === "push" && JSON.stringify(filter) === JSON.stringify({ branches: ["main"] })),
  );
}

/** A secret by whatever spelling, or a token that stands for the repository outside of it or writes to it. */
function holdsSecret(part: unknown, permissions: unknown): boolean {
  const granted = permissions === "write-all" || /write/.test(JSON.stringify(permissions ?? "write"));
  return granted || /\bsecrets\b/.test(JSON.stringify(part ?? ""));
}

/** What is wrong with a workflow: who can get at its secrets, and what else it runs. */
function problemsOf(text: string): string[] {
  const { on, permissions, env, jobs = {} } = parse(text) as Workflow;
  return Object.entries(jobs).flatMap(([name, job]) => {
    const problems: string[] = [];
    if (holdsSecret([env, job], job.permissions ?? permissions)) {
      if (!isOfMainAlone(on)) problems.push(`${name}: a branch's own code can get its secrets`);
      if (job.environment === undefined) problems.push(`${name}: has secrets outside of an environment`);
      if (holdsSecret(env, "none")) problems.push(`${name}: every job of the workflow has its secrets`);
    }
    for (const { uses, run } of [{ uses: job.uses }, ...(job.steps ?? [])] as { uses?: string; run?: string }[]) {
      if (uses !== undefined && !/^\.\/|@[0-9a-f]{40}$/.test(uses))
        problems.push(`${name}: ${uses} can become another`);
      if (run?.includes("${{")) problems.push(`${name}: puts what others write into a script`);
    }
    return problems;
  });
}

test.each(readdirSync(folder))("no secret of %s is within reach of a branch's own code", (file) => {
  expect(problemsOf(readFileSync(join(folder, file), "utf8"))).toEqual([]);
});

const good = readFileSync(join(folder, "preview.yml"), "utf8");

test.each([
  ["of pull requests", good.replace(/on:\n {2}push:\n {4}branches: \[main\]/, "on: pull_request")],
  [
    "of pull requests, with the target's rights",
    good.replace("  push:\n    branches: [main]", "  pull_request_target:"),
  ],
  ["of any branch", good.replace("\n    branches: [main]", "")],
  ["of branches beside main", good.replace("branches: [main]", 'branches: [main, "feature/**"]')],
  ["started by hand, on any branch", good.replace("on:\n", "on:\n  workflow_dispatch:\n")],
  ["without an environment", good.replace("    environment: preview-${{ matrix.stack }}\n", "")],
  ["with an action that its owner can move", good.replace(/pulumi\/actions@\w+/, "pulumi/actions@v6")],
  ["with its secret in every job", good.replace("\njobs:", "\nenv:\n  P: ${{ secrets.P }}\njobs:")],
  ["with a title in a script", good.replace("run: npm ci", "run: echo ${{ github.event.head_commit.message }}")],
])("a preview %s is found", (_what, text) => {
  expect(text).not.toBe(good);
  expect(problemsOf(text)).not.toEqual([]);
});

test("a check of pull requests that says nothing of its rights has those of the repository, and is found", () => {
  const check = readFileSync(join(folder, "check.yml"), "utf8");
  expect(problemsOf(check.replace("permissions:\n  contents: read\n", ""))).not.toEqual([]);
  expect(problemsOf(check.replace("contents: read", "contents: write"))).not.toEqual([]);
  expect(
    problemsOf(check.replace("run: npm ci", "run: npm ci\n        env: ${{ fromJSON(toJSON(secrets)) }}")),
  ).not.toEqual([]);
});
