import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Facts, firstFreeRange } from "../../infra/cli/init-facts";
import { type Answers, problemWith, questions } from "../../infra/cli/init-questions";
import { StackFile } from "../../infra/cli/stack-file";

const facts: Facts = {
  account: "123456789012",
  region: "eu-central-1",
  freeRange: "10.21.0.0/16",
  ownRange: "192.0.2.7/32",
  freePort: "15433",
  repository: undefined,
  databaseAuthority: "amazon",
  template: { release: "v1.1.0", compatibility: { "v1.1*": [1, 2], "v1.2*": [2] } },
  readTags: async (repository) => {
    if (repository !== "/srv/app.git") throw new Error("no such repository");
    return ["v1.1.0", "v1.2.0"];
  },
  tagsOf: () => ["v1.1.0", "v1.2.0"],
  hasRelease: async (name) => name.startsWith("v1."),
};

const question = (path: string) => questions.find((each) => each.path === path)!;
const problem = (path: string, answer: string, answers: Answers = new Map()) =>
  problemWith(question(path), answer, facts, answers);

describe("what init asks", () => {
  test.each([
    ["target.account", "210987654321", "credentials at hand are those of account 123456789012"],
    ["target.account", "123", "must be the 12 digits"],
    ["network.publicName", "Library.example", "must be a DNS name in lower case"],
    ["network.cidrBlock", "10.21.0.0/24", "must be a /16"],
    ["network.sshFrom.0", "198.51.100.0/24", "this machine is 192.0.2.7/32, which is not in it"],
    ["network.sshFrom.0", "192.0.2.300/32", "must be an IPv4 range"],
    ["host.tunnelPort", "80", "Too small"],
    ["app.repository", "/srv/other.git", "git can't read it: no such repository"],
    ["contacts.team.lead.name", "fill in", "must be filled in"],
    ["contacts.team.lead.email", "ada", "must be an e-mail address"],
    ["verification.adminEmail", "ada", "email"],
    ["network.publicName", " ", "an answer is needed"],
  ])("checks %s at once: %s is refused", async (path, answer, message) => {
    expect(await problem(path, answer)).toContain(message);
  });

  test.each([
    ["network.sshFrom.0", "192.0.2.0/24"],
    ["host.tunnelPort", "15433"],
    ["app.repository", "/srv/app.git"],
    ["target.account", "123456789012"],
  ])("takes for %s: %s", async (path, answer) => {
    expect(await problem(path, answer)).toBeUndefined();
  });

  test("release and schema have to go together, and the repository must have the release", async () => {
    const answers: Answers = new Map([
      ["app.repository", "/srv/app.git"],
      ["release", "v1.2.0"],
    ]);
    expect(await problem("release", "v9", answers)).toContain("/srv/app.git has no such tag");
    expect(await problem("schemaVersion", "1", answers)).toContain("v1.2.0 supports: 2");
    expect(await problem("schemaVersion", "2", answers)).toBeUndefined();
  });

  test("every default that needs nobody is one that the check accepts", async () => {
    const answers: Answers = new Map([
      ["network.publicName", "library.example"],
      ["app.repository", "/srv/app.git"],
      ["contacts.team.lead.name", "Ada"],
      ["contacts.team.lead.email", "ada@library.example"],
    ]);
    const open: string[] = [];
    for (const each of questions) {
      const found = answers.get(each.path) ?? each.found(facts, answers);
      if (found === undefined) open.push(each.path);
      else {
        expect(await problemWith(each, found, facts, answers), each.path).toBeUndefined();
        answers.set(each.path, found);
      }
    }
    expect(open).toEqual([]);
    expect(answers.get("release")).toBe("v1.1.0");
    expect(answers.get("contacts.escalation.onCall.email")).toBe("ada@library.example");
  });
});

test.each([
  [[], "10.20.0.0/16"],
  [["10.20.0.0/16", "10.22.5.0/24"], "10.21.0.0/16"],
  [["10.0.0.0/11"], "10.32.0.0/16"],
  [["10.0.0.0/8"], undefined],
])("beside %j the first free network is %s", (used, free) => {
  expect(firstFreeRange(used)).toBe(free);
});

describe("a stack's file", () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "stack-file-"));
  });
  afterEach(async () => rm(directory, { recursive: true, force: true }));

  test("begins as a copy of the template, keeps Pulumi's salt and its own comments, and holds the answers by type", async () => {
    const path = join(directory, "Pulumi.mine.yaml");
    await writeFile(path, "encryptionsalt: v1:abc\n");
    const template = join(directory, "template.yaml");
    await writeFile(template, "config:\n  # kept\n  prompt-library:network:\n    sshFrom:\n      - 192.0.2.0/24\n");
    const file = new StackFile(path);
    expect(await file.exists()).toBe(false);
    await file.createFrom(template);
    await file.set(
      new Map<string, string | number>([
        ["network.sshFrom.0", "192.0.2.7/32"],
        ["host.tunnelPort", 15433],
        ["target.account", "123456789012"],
        ["aws:region", "eu-central-1"],
      ]),
    );
    expect(await file.exists()).toBe(true);
    expect(await file.read()).toEqual({
      network: { sshFrom: ["192.0.2.7/32"] },
      host: { tunnelPort: 15433 },
      target: { account: "123456789012" },
      "aws:region": "eu-central-1",
    });
    const text = await readFile(path, "utf8");
    expect(text).toContain("encryptionsalt: v1:abc");
    expect(text).toContain("# kept");
  });
});
