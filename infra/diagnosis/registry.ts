import { knowsProviders } from "../checklist/provable";
import { readHostState } from "../context/host-state";
import type { StepContext } from "../context/step";
import { loopback } from "../core/loopback";
import type { Slot } from "../host/commands/paths";
import { Application, describe, field, listOf } from "../verification/application";
import { ask, type Section } from "./finding";

/** TRB-3: what the provider registry says, and whether the system's providers are there. Refreshing it is a choice of its own. */
export async function diagnoseRegistry(
  context: StepContext,
  slot: Slot,
  options: { refreshes: boolean },
): Promise<Section> {
  const { input, host } = context;
  const { app, schemaVersion, verification, secrets } = input.settings;
  const section: Section = { title: "The provider registry", box: "TRB-3", asked: [], findings: [] };
  const release = (await readHostState(context)).slots[slot]?.release ?? input.release.name;
  if (!knowsProviders(release, schemaVersion, app)) {
    section.asked.push({
      question: "registry",
      answer: `${release} at schema ${schemaVersion} has none: dynamic providers come with schema ${app.providersSinceSchema} and a release that knows them`,
    });
    return section;
  }
  const { routes } = app;
  const refresh = `npm run diagnose -- ${input.stack} --refresh-registry`;
  const tunnel = await host.tunnel({ address: "127.0.0.1", port: loopback.preview[slot] });
  try {
    const application = new Application(`http://127.0.0.1:${tunnel.localPort}`, routes);
    let token = "";
    await ask(
      section,
      `login as ${verification.adminEmail}`,
      async () => {
        token = await application.login(verification.adminEmail, secrets.adminPassword, { registers: false });
        return "a token";
      },
      {
        means: "The admin's password is another one, or the application does not answer.",
        command: `npm run verify -- ${input.stack}`,
      },
    );
    if (token === "") return section;
    if (options.refreshes)
      await ask(
        section,
        `POST ${routes.registryRefresh}`,
        async () => mustBe200(await application.ask("POST", routes.registryRefresh, { token })),
        {
          means: "The registry could not be refreshed; its journal says why.",
          command: `npm run diagnose -- ${input.stack}`,
        },
      );
    await ask(
      section,
      `GET ${routes.registryStatus}`,
      async () => mustBe200(await application.ask("GET", routes.registryStatus, { token })),
      { means: "The registry is not loaded.", command: refresh },
    );
    await ask(
      section,
      `GET ${routes.providers}?isSystem=true`,
      async () => {
        const answer = await application.ask("GET", `${routes.providers}?isSystem=true`, { token });
        mustBe200(answer);
        const rows = listOf(answer, "providers");
        const missing = app.systemProviders.filter((name) => !rows.some((row) => field(row, "identifier") === name));
        if (missing.length > 0)
          section.findings.push({
            what: `the system's providers ${missing.join(", ")} are missing`,
            means: "The application makes them when it starts or its registry is refreshed.",
            command: refresh,
          });
        return (
          rows
            .map((row) => `${String(field(row, "identifier"))} ${String(field(row, "status") ?? "")}`.trim())
            .join(", ") || "none"
        );
      },
      { means: "The registry's list could not be read.", command: refresh },
    );
    return section;
  } finally {
    tunnel.close();
  }
}

function mustBe200(answer: Awaited<ReturnType<Application["ask"]>>): string {
  if (answer.status !== 200) throw new Error(`answered ${describe(answer)}`);
  return JSON.stringify(field(answer.body, "data") ?? answer.body).slice(0, 400);
}
