import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { BoxId } from "../../infra/checklist/boxes";
import { owners } from "../../infra/checklist/owners";
import type { BoxResult, Proof } from "../../infra/checklist/result";
import type { StepInput } from "../../infra/context/input";
import { prove, type StepContext } from "../../infra/context/step";
import type { Phase } from "../../infra/core/phases";
import { hostPaths } from "../../infra/host/commands/paths";
import { type ComputedId, compute } from "../../infra/report/computed";
import { fillBoxes } from "../../infra/report/fill";
import { header } from "../golden/records";
import { frontSettings } from "../host/front-settings";
import { issueCertificate } from "../rehearsal/certificates";
import { fakeDatabase, type Rows } from "./application";

export type Surroundings = {
  /** What the host prints, by what it is run for. */
  host?: Readonly<Record<string, string>>;
  rows?: Rows;
  /** Why no connection to the database stands. */
  noDatabase?: Error;
  /** Settings by their path, such as `app.build.nodeVersion`. */
  settings?: Readonly<Record<string, unknown>>;
  release?: { name: string; commit: string };
};

/** What a phase works with, where host, database and config are as given; the rehearsal's settings else. */
export async function contextIn(phase: Phase, around: Surroundings = {}): Promise<StepContext> {
  const settings = frontSettings(await issueCertificate("rehearsal.prompt-library.example", "ecdsa"), {});
  for (const [path, value] of Object.entries(around.settings ?? {})) {
    const names = path.split(".");
    const last = names.pop() ?? "";
    const holder = names.reduce<Record<string, unknown>>(
      (inner, name) => inner[name] as Record<string, unknown>,
      settings as unknown as Record<string, unknown>,
    );
    holder[last] = value;
  }
  const input: Partial<StepInput> = {
    stack: "rehearsal",
    release: around.release ?? { name: "v1.2.0", commit: "c".repeat(40) },
    host: { id: "i-1", address: "127.0.0.1", publicKey: "" },
    database: {
      identifier: "library",
      lineage: "db-1",
      address: "library.example",
      port: 5432,
      name: "library",
      certificateAuthority: "",
    },
    publicAuthority: null,
    dataVolume: null,
    bucket: "bucket",
    monitoring: { dashboard: "dashboard", alarms: ["alarm"] },
    topicArn: "arn:aws:sns:x",
    settings,
  };
  const run = async (what: string) => around.host?.[what] ?? "";
  return {
    phase,
    runId: "run-1",
    input: input as StepInput,
    paths: hostPaths(settings.app.name),
    host: {
      run,
      runWhole: run,
      put: async () => undefined,
      tunnel: async () => Promise.reject(new Error("the host has no way there")),
    } as Partial<StepContext["host"]> as StepContext["host"],
    progress: () => undefined,
    notice: () => undefined,
    connect:
      around.noDatabase === undefined ? fakeDatabase(around.rows ?? {}) : () => Promise.reject(around.noDatabase),
    boxes: [],
    details: {},
  };
}

/** The box that a piece of a phase leaves, whether it throws in the end or not. */
export async function leftBy(
  id: BoxId,
  context: StepContext,
  work: (context: StepContext) => Promise<unknown>,
): Promise<BoxResult> {
  const outcome = await work(context).then(
    () => "nothing",
    (error: unknown) => String(error),
  );
  const box = context.boxes.find((one) => one.id === id);
  if (box === undefined) throw new Error(`it left no ${id}, and ended with ${outcome}`);
  return box;
}

export function proving(id: BoxId, check: () => Proof | Promise<Proof>): Promise<BoxResult> {
  return prove({ phase: "preflight", boxes: [] }, id, async () => check());
}

/** What a computed box is where some of its parts are as given and all others passed. */
export function computedWith(id: ComputedId, parts: Partial<Record<BoxId, BoxResult["result"]>>): BoxResult {
  return compute(id, (part) => ({
    id: part,
    result: parts[part] ?? "passed",
    evidence: "seen",
    reason: "as given",
    source: owners[part],
  }));
}

/** What the report says of a box that no phase spoke of. */
export function unspoken(id: BoxId, schemaVersion = 2): BoxResult {
  const to = { ...header.to, schemaVersion };
  const found = fillBoxes({ ...header, to }, [], [], []).find((box) => box.id === id);
  if (found === undefined) throw new Error(`the report has no ${id}`);
  return found;
}

/** A cloud that answers each call by the action that it names. */
export async function withCloud<T>(answers: Readonly<Record<string, string>>, work: () => Promise<T>): Promise<T> {
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    // Some services name the action in the body, others in a header, and answer as they are asked.
    const named = `Action=${String(request.headers["x-amz-target"] ?? "").split(".")[1] ?? ""}&${body}`;
    const found = Object.entries(answers).find(([action]) => named.includes(`Action=${action}&`))?.[1];
    const type = found?.startsWith("{") ? "application/x-amz-json-1.0" : "text/xml";
    response.writeHead(found === undefined ? 400 : 200, { "content-type": type }).end(found ?? "<Error/>");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const kept = { ...process.env };
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_ACCESS_KEY_ID: "testing",
    AWS_SECRET_ACCESS_KEY: "testing",
  });
  try {
    return await work();
  } finally {
    process.env = kept;
    server.closeAllConnections();
    server.close();
  }
}
