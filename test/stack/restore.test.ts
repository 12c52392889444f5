import { RDSClient } from "@aws-sdk/client-rds";
import { afterAll, beforeAll, expect, test } from "vitest";
import { deleteSnapshot, stackSnapshots } from "../../infra/backup/snapshots";
import { stackInput } from "../../infra/cli/stack-input";
import { restore } from "../../infra/cli/restore";
import { schemaVersion } from "../../infra/migrations";
import { backup } from "../../infra/steps/backup";
import { openContext } from "../../infra/steps/context";
import { withClient } from "../../infra/steps/database-connection";
import type { StepInput } from "../../infra/steps/input";
import type { StepContext } from "../../infra/steps/step";
import type { Rehearsal } from "../rehearsal/rehearsal";
import { deployed, servingRelease, stack } from "./deployed";

let rehearsal: Rehearsal;
let rds: RDSClient;
const late = "/srv/prompt-library/shared/interface/backend/data/late.json";

beforeAll(async () => {
  rehearsal = await deployed("v1.1.0", 1);
  rds = new RDSClient({ region: (await stackInput(stack)).settings.target.region });
});

afterAll(async () => {
  for (const { id } of await stackSnapshots(rds, stack)) await deleteSnapshot(rds, id);
});

async function look<T>(work: (context: StepContext) => Promise<T>, change: (input: StepInput) => StepInput = (input) => input): Promise<T> {
  const context = openContext("backup", change(await stackInput(stack)), new Date());
  try {
    return await work(context);
  } finally {
    await context.host.close();
  }
}

const users = () =>
  look((context) =>
    withClient(context.connect("readonly"), async (client) => (await client.query<{ email: string }>("SELECT email FROM users")).rows.map(({ email }) => email)),
  );

test("a snapshot comes back as the stack's database: rows, roles, files and release, with what was there kept aside", async () => {
  const before = await stackInput(stack);
  await look((context) => backup(context), (input) => ({ ...input, settings: { ...input.settings, schemaVersion: 2 } }));
  const [snapshot] = await stackSnapshots(rds, stack);
  if (snapshot === undefined) throw new Error("no snapshot was made");
  await look(async (context) => {
    await withClient(context.connect("owner"), (client) => client.query("INSERT INTO users (email, password_hash) VALUES ('late@example.test', 'x')"));
    await context.host.run("writing a file", `echo late > ${late}`);
  });

  let asked = "";
  const options = { stack, snapshot: snapshot.id, configFile: rehearsal.pulumi.options.configFile };
  await expect(restore({ ...options, confirm: async () => false })).rejects.toThrow("not restored; nothing has changed");
  await restore({ ...options, confirm: async (question) => ((asked = question), true) });

  expect(asked).toMatch(/Lost is what was written in the last \d+ s \(.*users: 1 made.*\)/);
  const after = await stackInput(stack);
  expect(after.database.identifier).toMatch(/-r\d+$/);
  expect(after.database.address).not.toBe(before.database.address);
  expect(await users()).not.toContain("late@example.test");
  expect(await look((context) => withClient(context.connect("owner"), schemaVersion))).toBe(1);
  expect(await look((context) => context.host.run("looking for the file", `test -e ${late} && echo there || echo gone`))).toBe("gone");
  expect(await servingRelease(rehearsal)).toBe("v1.1.0");
  expect((await stackSnapshots(rds, stack)).map(({ tags }) => tags.purpose)).toContain("before-restore");
});

test("the next deployment finds nothing to change in it", async () => {
  const again = await rehearsal.pulumi.capture("preview", "--color", "never", "--expect-no-changes");
  expect(again.exitCode, again.output).toBe(0);
});
