import { expect, test } from "vitest";
import type { BoxResult } from "../../infra/checklist/result";
import type { StepContext } from "../../infra/context/step";
import { schemaDown, schemaUp } from "../../infra/phases/schema/schema";
import { migrateDatabase } from "../app/schema";
import { contextIn } from "../boxes/phase";
import { type Scratch, useCluster } from "./scratch";

const cluster = useCluster();

async function boxesOf(
  step: typeof schemaUp,
  scratch: Pick<Scratch, "connect">,
  schemaVersion: number,
): Promise<Record<string, BoxResult>> {
  const context: StepContext = { ...(await contextIn("schemaUp")), connect: () => scratch.connect() };
  Object.assign(context.input.settings, { schemaVersion });
  Object.assign(context.input.settings.database, { migrations: "program" });
  await step(context).catch(() => undefined);
  return Object.fromEntries(context.boxes.map((box) => [box.id, box]));
}

test("MIG-1.1 and MIG-1.2 fail for a role that may not read", async () => {
  const scratch = await cluster.database();
  await migrateDatabase(scratch.connection, 2);
  const admin = await scratch.session({ isSuperuser: true });
  await admin.query("create role stranger login password 'stranger'");
  const stranger = { ...scratch.connection, user: "stranger", password: "stranger" };
  const { default: pg } = await import("pg");
  const connect = async () => {
    const client = new pg.Client(stranger);
    await client.connect();
    return client;
  };
  const boxes = await boxesOf(schemaUp, { connect }, 2);
  for (const id of ["MIG-1.1", "MIG-1.2"])
    expect(boxes[id], id).toMatchObject({ result: "failed", evidence: expect.stringContaining("permission denied") });
});

test("MIG-1.2 and MIG-1.3 have nothing to look at in an empty database; MIG-2.1 and RBK-2 are not needed where the schema stays", async () => {
  const scratch = await cluster.database();
  const first = await boxesOf(schemaUp, scratch, 1);
  for (const id of ["MIG-1.2", "MIG-1.3"]) expect(first[id]).toMatchObject({ result: "not needed" });
  expect(first["MIG-2.1"]).toMatchObject({ result: "passed" });
  expect((await boxesOf(schemaUp, scratch, 1))["MIG-2.1"]).toMatchObject({ result: "not needed" });
  const down = await boxesOf(schemaDown, scratch, 1);
  for (const id of ["RBK-2", "RBK-3"]) expect(down[id]).toMatchObject({ result: "not needed" });
});

test("MIG-2.1 fails with the migration, and RBK-2 with the way back", async () => {
  const scratch = await cluster.database();
  await migrateDatabase(scratch.connection, 1);
  const session = await scratch.session();
  await session.query("create table providers (nothing text)");
  expect((await boxesOf(schemaUp, scratch, 2))["MIG-2.1"]).toMatchObject({ result: "failed" });
  await session.query("drop table providers");
  await migrateDatabase(scratch.connection, 2);
  await session.query("create table of_somebody (provider_id uuid references providers)");
  expect((await boxesOf(schemaDown, scratch, 1))["RBK-2"]).toMatchObject({ result: "failed" });
});

test("MIG-3.1 to MIG-3.3 fail where a table, an index or a column is not as it should be", async () => {
  const scratch = await cluster.database();
  await migrateDatabase(scratch.connection, 2);
  const all = ["MIG-3.1", "MIG-3.2", "MIG-3.3"];
  const good = await boxesOf(schemaUp, scratch, 2);
  for (const id of all) expect(good[id], id).toMatchObject({ result: "passed" });
  const admin = await scratch.session({ isSuperuser: true });
  await admin.query("update pg_index set indisvalid = false where indexrelid = 'idx_models_status'::regclass");
  await admin.query("alter table connections rename column provider_id to provider_number");
  await admin.query("alter table provider_templates rename to templates");
  const bad = await boxesOf(schemaUp, scratch, 2);
  for (const id of all) expect(bad[id], id).toMatchObject({ result: "failed" });
});
