import { notNeededAtSchema, providerBoxes } from "../checklist/provable";
import { type BoxId } from "../checklist/boxes";
import { owners } from "../checklist/owners";
import { loopback, type Slot } from "../commands/paths";
import { Application, type Answer, describe, field, listOf } from "./application";
import { readHostState } from "./host-state";
import { recordApplicationSchema } from "./schema";
import { stopSlot, lastWords, ensureRunning } from "./slots";
import { StepFailure } from "./failure";
import { findings, prove, type Step, type StepContext } from "./step";

/** Looks at the staged release before any user does, on a listener of its own. */
export const verify: Step = async (context) => {
  const { settings } = context.input;
  const state = await readHostState(context);
  if (state.staged === null) throw new StepFailure("no release is staged on the host", "raise attempt: pulumi config set attempt N, then pulumi up");
  const { slot } = state.staged;
  if (!settings.app.overlap && slot !== state.serving)
    return { outcome: "nothing to do", summary: "two copies must not run: the release is verified by activation, which starts it" };
  context.progress(`checking ${state.staged.release} in slot ${slot}`);
  await ensureRunning(context, slot);
  await recordApplicationSchema(context);
  await verifySlot(context, slot);
  const found = findings(context.boxes);
  if (found.length > 0) {
    const journal = await lastWords(context, slot);
    if (slot !== state.serving) await stopSlot(context, slot);
    throw new StepFailure(
      `${state.staged.release} failed ${found.length} of ${context.boxes.length} checks:\n${found.map((row) => `  - ${row}`).join("\n")}`,
      `mend ${state.staged.release} or choose another release`,
      journal,
    );
  }
  const passed = context.boxes.filter((box) => box.result === "passed").length;
  return { outcome: "completed", summary: `${passed} checks passed against slot ${slot}` };
};

/** Makes every check against the release in a slot; results go to the context's boxes and details. */
export async function verifySlot(context: StepContext, slot: Slot): Promise<void> {
  const tunnel = await context.host.tunnel({ address: "127.0.0.1", port: loopback.preview[slot] });
  try {
    await checks(context, new Application(`http://127.0.0.1:${tunnel.localPort}`, context.input.settings.app.routes));
  } finally {
    tunnel.close();
  }
}

async function checks(context: StepContext, application: Application): Promise<void> {
  const { settings } = context.input;
  const { routes } = application;
  const { adminEmail, checkEmail } = settings.verification;
  let adminToken = "";
  let userToken = "";
  const hasProviders = settings.schemaVersion >= settings.app.providersSinceSchema;
  const when = (id: BoxId, check: () => Promise<string>) => (notNeededAtSchema(id, settings.schemaVersion, settings.app.providersSinceSchema) === undefined ? prove(context, id, check) : Promise.resolve(true));

  await prove(context, "APP-3.2", async () => expect(await application.ask("GET", routes.health), routes.health, [200]));
  await prove(context, "FUN-2.1", async () => {
    userToken = await application.login(checkEmail, settings.secrets.checkPassword, { registers: true });
    return `${checkEmail} logged in; ${expect(await application.ask("GET", routes.connections, { token: userToken }), routes.connections, [200])}`;
  });
  await prove(context, "APP-3.3", async () => expect(await application.ask("GET", routes.status, { token: userToken }), routes.status, [200]));
  await prove(context, "SEC-1.3", async () => {
    const guarded = [routes.status, routes.connections, ...(hasProviders ? [routes.providers, routes.providerTemplates, routes.registryStatus] : [])];
    const said = [];
    for (const path of guarded) said.push(expect(await application.ask("GET", path), `${path} without a token`, [401, 403]));
    return said.join("; ");
  });
  if (!hasProviders) {
    for (const id of providerBoxes)
      if (owners[id] === context.phase)
        context.boxes.push({
          id,
          result: "not needed",
          evidence: "",
          reason: notNeededAtSchema(id, settings.schemaVersion, settings.app.providersSinceSchema) ?? "",
          source: context.phase,
        });
    await application.login(adminEmail, settings.secrets.adminPassword, { registers: false });
    return;
  }
  await when("FUN-1.1", async () => {
    adminToken = await application.login(adminEmail, settings.secrets.adminPassword, { registers: false });
    return `${adminEmail} logged in; ${expect(await application.ask("GET", routes.providers, { token: adminToken }), routes.providers, [200])}`;
  });
  await when("APP-3.4", async () => expect(await application.ask("GET", routes.registryStatus, { token: adminToken }), routes.registryStatus, [200]));
  await when("APP-2.2", async () => systemProviders(application, adminToken, settings.app.systemProviders));
  await when("FUN-1.2", async () => systemProviders(application, adminToken, settings.app.systemProviders));
  await when("FUN-3.1", async () => expect(await application.ask("GET", routes.providers, { token: adminToken }), routes.providers, [200]));
  await when("FUN-3.2", async () => expect(await application.ask("GET", routes.providerTemplates, { token: adminToken }), routes.providerTemplates, [200]));
  await when("SEC-1.1", async () => {
    const said = [];
    for (const path of [routes.providers, routes.providerTemplates, routes.registryStatus])
      said.push(expect(await application.ask("GET", path, { token: userToken }), `${path} as a user`, [403]));
    return said.join("; ");
  });
  await when("SEC-1.2", async () => {
    const body = { identifier: "deployment-check-refused", name: "made by the deployment check", auth_method: "api_key" };
    return expect(await application.ask("POST", routes.providers, { token: userToken, body }), `POST ${routes.providers} as a user`, [403]);
  });
}

/** @throws Error when a provider of the expected set is missing, no system provider, or nameless */
async function systemProviders(application: Application, token: string, expected: readonly string[]): Promise<string> {
  const answer = await application.ask("GET", application.routes.providers, { token });
  expect(answer, application.routes.providers, [200]);
  const rows = listOf(answer, "providers");
  const missing = expected.filter(
    (identifier) => !rows.some((row) => field(row, "identifier") === identifier && (field(row, "is_system") ?? field(row, "isSystem")) === true && Boolean(field(row, "name"))),
  );
  if (missing.length > 0) throw new Error(`${missing.join(", ")} missing among the ${rows.length} providers, or not marked as system's`);
  return `${expected.join(", ")} are there, named and marked as the system's`;
}

/** @throws Error when the status is none of those allowed */
function expect(answer: Answer, what: string, allowed: readonly number[]): string {
  if (!allowed.includes(answer.status)) throw new Error(`${what} answered ${describe(answer)}, not ${allowed.join(" or ")}`);
  return `${what}: ${answer.status} in ${answer.durationMs} ms`;
}
