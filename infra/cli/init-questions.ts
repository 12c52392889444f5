import { pairProblem, supportedSchemas } from "../core/compatibility";
import { settingsProblemsAt } from "../settings/settings";
import { type Facts, spanOf } from "./init-facts";

export type Answers = Map<string, string>;

export type Question = {
  /** Where the answer goes, in the stack's file. */
  path: string;
  text: string;
  /** What was found, or follows from earlier answers. */
  found: (facts: Facts, answers: Answers) => string | undefined;
  /** Beyond the setting's own rule. */
  check?: (answer: string, facts: Facts, answers: Answers) => Promise<string | undefined>;
};

/** What only a person knows of a stack, in the order in which one answer leads to the next. */
export const questions: readonly Question[] = [
  {
    path: "target.account",
    text: "AWS account of the stack",
    found: ({ account }) => account,
    check: async (answer, { account }) =>
      account === undefined || account === answer
        ? undefined
        : `the credentials at hand are those of account ${account}; use the other account's, or that number`,
  },
  { path: "target.region", text: "AWS region", found: ({ region }) => region },
  { path: "network.publicName", text: "Name that users type, such as library.example.org", found: () => undefined },
  {
    path: "network.cidrBlock",
    text: "Address range of the stack's network, a /16 of its own",
    found: ({ freeRange }) => freeRange,
  },
  {
    path: "network.sshFrom.0",
    text: "Who may reach the host by SSH, as a range; this machine must be in it",
    found: ({ ownRange }) => ownRange,
    check: async (answer, { ownRange }) =>
      ownRange === undefined || holds(answer, ownRange)
        ? undefined
        : `this machine is ${ownRange}, which is not in it: nothing here could reach the host`,
  },
  {
    path: "host.tunnelPort",
    text: "Local port of the tunnel to the database, one per stack",
    found: ({ freePort }) => freePort,
  },
  {
    path: "app.repository",
    text: "Git repository of the application, a directory or an address",
    found: ({ repository }) => repository,
    check: async (answer, { readTags }) => {
      try {
        await readTags(answer);
        return undefined;
      } catch (error) {
        return `git can't read it: ${error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error)}`;
      }
    },
  },
  {
    path: "release",
    text: "Release to deploy first, a tag, branch or commit",
    // The template's own release is the one that its schema version goes with.
    found: ({ tagsOf, template }, answers) => {
      const tags = tagsOf(answers.get("app.repository") ?? "");
      return tags.find((tag) => tag === template.release) ?? tags.at(-1);
    },
    check: async (answer, { hasRelease }, answers) =>
      (await hasRelease(answer, answers.get("app.repository") ?? ""))
        ? undefined
        : `${answers.get("app.repository")} has no such tag, branch or commit`,
  },
  {
    path: "schemaVersion",
    text: "Schema version to go with it",
    found: ({ template }, answers) =>
      supportedSchemas(answers.get("release") ?? "", template.compatibility)?.[0]?.toString(),
    check: async (answer, { template }, answers) =>
      pairProblem(answers.get("release") ?? "", Number(answer), template.compatibility),
  },
  {
    path: "database.certificateAuthority",
    text: "Who signs the database's certificate: amazon, or a PEM file",
    found: ({ databaseAuthority }) => databaseAuthority,
  },
  {
    path: "verification.adminEmail",
    text: "E-mail of the application's admin",
    found: (_, answers) => `admin@${answers.get("network.publicName")}`,
  },
  {
    path: "verification.checkEmail",
    text: "E-mail of the account that the deployment's checks use",
    found: (_, answers) => `deployment-check@${answers.get("network.publicName")}`,
  },
  ...person("contacts.team.lead", "Team lead", undefined),
  ...person("contacts.team.databaseAdmin", "Database admin", "contacts.team.lead"),
  ...person("contacts.team.devOps", "DevOps", "contacts.team.lead"),
  ...person("contacts.escalation.technicalLead", "Technical lead, for escalation", "contacts.team.lead"),
  ...person("contacts.escalation.productOwner", "Product owner, for escalation", "contacts.team.lead"),
  ...person("contacts.escalation.onCall", "On call, for escalation", "contacts.team.devOps"),
  ...dependency(
    "contacts.dependencies.cloudProvider",
    "Cloud provider",
    "Amazon Web Services",
    "https://console.aws.amazon.com/support",
  ),
  ...dependency(
    "contacts.dependencies.databaseVendor",
    "Database vendor",
    "Amazon RDS",
    "https://console.aws.amazon.com/support",
  ),
  ...dependency(
    "contacts.dependencies.monitoring",
    "Monitoring",
    "Amazon CloudWatch",
    "https://console.aws.amazon.com/support",
  ),
];

function person(path: string, role: string, like: string | undefined): Question[] {
  const same = (field: string) => (_: Facts, answers: Answers) =>
    like === undefined ? undefined : answers.get(`${like}.${field}`);
  return [
    { path: `${path}.name`, text: `${role}: name`, found: same("name") },
    {
      path: `${path}.email`,
      text: `${role}: e-mail`,
      found: same("email"),
      check: async (answer) => (/^\S+@\S+\.\S+$/.test(answer) ? undefined : "must be an e-mail address"),
    },
  ];
}

function dependency(path: string, what: string, name: string, contact: string): Question[] {
  return [
    { path: `${path}.name`, text: `${what}: name`, found: () => name },
    { path: `${path}.contact`, text: `${what}: how to reach its support`, found: () => contact },
  ];
}

/** What is wrong with an answer, or nothing: by the setting's own rule first. */
export async function problemWith(
  question: Question,
  answer: string,
  facts: Facts,
  answers: Answers,
): Promise<string | undefined> {
  if (answer.trim() === "") return "an answer is needed";
  return (
    settingsProblemsAt(question.path, settingOf(question.path, answer))[0] ?? question.check?.(answer, facts, answers)
  );
}

const numbers = ["host.tunnelPort", "schemaVersion"];

export function settingOf(path: string, answer: string): string | number {
  return numbers.includes(path) && /^\d+$/.test(answer) ? Number(answer) : answer;
}

function holds(range: string, inner: string): boolean {
  const [[first, last], [from, to]] = [spanOf(range), spanOf(inner)];
  return first <= from && to <= last;
}
