import { runInTerminal } from "../core/program";
import type { Ask } from "./ask";
import { connectBackend } from "./init-backend";
import { type Facts, findFacts, isLoopback } from "./init-facts";
import { type Answers, problemWith, questions, settingOf } from "./init-questions";
import { initStack } from "./init-secrets";
import { StackFile } from "./stack-file";

export type InitFlags = {
  /** Answers beforehand, `PATH=VALUE`. */
  set?: string[];
  configFile?: string;
  /** Whether it ends with a preview. */
  preview: boolean;
};

/**
 * Takes a newcomer all the way to a stack that can be deployed: its file from a template, what only a person knows, keys and secrets,
 * and a preview at the end. What is there and valid is left alone, so running it again is safe.
 * @param ask nobody where there is no terminal: then what was found counts
 * @returns whether the preview went well
 * @throws Error naming every answer that is missing or wrong; nothing has been written then
 */
export async function init(stack: string, flags: InitFlags, ask: Ask | undefined): Promise<boolean> {
  const log = (row: string) => void process.stderr.write(`init  ${row}\n`);
  await connectBackend(ask, log);
  const file = new StackFile(flags.configFile ?? `Pulumi.${stack}.yaml`);
  const isLocal = isLoopback(process.env.AWS_ENDPOINT_URL);
  const template = isLocal ? "Pulumi.rehearsal.yaml" : "Pulumi.staging.yaml";
  const isNew = !(await file.exists());
  const raw = await (isNew ? new StackFile(template) : file).read();
  const facts = await findFacts(regionFrom(raw, isNew), templateOf(raw));
  const answers = await gather({ given: givenAnswers(flags.set ?? []), raw, isNew, facts, ask });
  if (isNew) {
    await file.createFrom(template);
    log(`created ${file.path} from ${template}`);
  }
  const region = answers.get("target.region");
  const authority = answers.get("database.certificateAuthority");
  await file.set(
    new Map([
      ...[...answers].map(([path, answer]) => [path, settingOf(path, answer)] as const),
      ...(region === undefined ? [] : [["aws:region", region] as const]),
      // What the rehearsal fills in for itself: the local cloud's providers have the database's authority, and init signs the
      // public certificate by itself.
      ...(isNew && isLocal && authority !== undefined
        ? [
            ["preflight.externalApis.0.certificateAuthority", authority] as const,
            ["network.certificateAuthority", "public"] as const,
          ]
        : []),
    ]),
  );
  if (answers.size > 0) log(`set ${[...answers.keys()].join(", ")}`);
  await initStack({
    stack,
    log,
    ...(flags.configFile !== undefined && { configFile: flags.configFile }),
    ...(ask && { ask }),
  });
  if (!flags.preview) return true;
  log(`pulumi preview --stack ${stack}`);
  const config = flags.configFile === undefined ? [] : ["--config-file", flags.configFile];
  const code = await runInTerminal("pulumi", ["preview", "--stack", stack, ...config]);
  log(
    code === 0
      ? `ready: pulumi up --stack ${stack}`
      : `correct what the preview says, then run npm run init -- ${stack} again`,
  );
  return code === 0;
}

type Gather = { given: Answers; raw: Record<string, unknown>; isNew: boolean; facts: Facts; ask: Ask | undefined };

async function gather({ given, raw, isNew, facts, ask }: Gather): Promise<Answers> {
  const answers: Answers = new Map();
  const problems = [...given.keys()]
    .filter((path) => !questions.some((question) => question.path === path))
    .map((path) => `--set ${path}: is not asked here; after init: pulumi config set --path '${path}' VALUE`);
  for (const question of questions) {
    const current = at(raw, question.path);
    const isValid =
      current !== undefined && (await problemWith(question, current, facts, knownOf(raw, answers))) === undefined;
    if (!isNew && isValid && !given.has(question.path)) continue;
    const check = (answer: string) => problemWith(question, answer, facts, knownOf(raw, answers));
    const found = question.found(facts, knownOf(raw, answers));
    const answer =
      given.get(question.path) ??
      (ask === undefined ? found : await ask(question.text, { check, ...(found !== undefined && { default: found }) }));
    const problem = answer === undefined ? "nobody answers it here" : await check(answer);
    if (answer !== undefined && problem === undefined) answers.set(question.path, answer);
    else problems.push(`${question.path} (${question.text}): ${problem}. Remedy: --set ${question.path}=VALUE`);
  }
  if (problems.length > 0)
    throw new Error(`nothing was written; what is missing:\n${problems.map((row) => `  - ${row}`).join("\n")}`);
  return answers;
}

function givenAnswers(set: readonly string[]): Answers {
  return new Map(
    set.map((row) => {
      const [, path, value] = /^([\w.]+)=(.+)$/s.exec(row) ?? [];
      if (path === undefined || value === undefined) throw new Error(`--set ${row}: must be PATH=VALUE`);
      return [path, value];
    }),
  );
}

/** What is known of the stack so far: the answers, else its file. */
function knownOf(raw: Record<string, unknown>, answers: Answers): Answers {
  return new Map(
    questions.flatMap(({ path }) => {
      const value = answers.get(path) ?? at(raw, path);
      return value === undefined ? [] : [[path, value]];
    }),
  );
}

function at(raw: unknown, path: string): string | undefined {
  const value = path
    .split(".")
    .reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], raw);
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

function regionFrom(raw: Record<string, unknown>, isNew: boolean): string | undefined {
  const own = process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION;
  return isNew ? own : (at(raw, "target.region") ?? own);
}

function templateOf(raw: Record<string, unknown>): Facts["template"] {
  const { compatibility = {} } = (raw.app ?? {}) as { compatibility?: Record<string, number[]> };
  return { release: String(raw.release ?? ""), compatibility };
}
