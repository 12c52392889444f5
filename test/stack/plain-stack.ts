import { mkdtemp, rm } from "node:fs/promises";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { execa } from "execa";
import { afterAll, beforeAll } from "vitest";
import { type PlainMoto, startPlainMoto } from "../toolchain/plain-moto";
import { setupToolchain } from "../toolchain/setup";

export type Ran = { exitCode: number | undefined; hangs: boolean; output: string; endedAt: number };
export type Pulumi = (...args: string[]) => Promise<Ran>;

/** What stands before moto: answers by itself, or changes what moto answers. */
export interface Door {
  answers?: (request: IncomingMessage, response: ServerResponse) => boolean;
  changes?: (asked: string, answer: string) => string;
}

/** The engine and moto alone, for a program that needs neither host nor database. */
export function usePlainCloud(directoryOfProgram: string) {
  const program = resolve(directoryOfProgram);
  let directory = "";
  let moto: PlainMoto | undefined;
  let environment: Record<string, string> = {};
  const door: Door = {};
  const server = createServer(async (request, response) => {
    if (door.answers?.(request, response)) return;
    const { method, url: path, headers } = request;
    const { hostname, port } = new URL(moto?.endpoint ?? "");
    const body = await text(request);
    const asked = httpRequest({ hostname, port, method, path, headers }, async (answer) => {
      const said = await text(answer);
      const changed = door.changes?.(body, said) ?? said;
      const { "content-length": _length, "transfer-encoding": _encoding, ...rest } = answer.headers;
      response.writeHead(answer.statusCode ?? 502, rest).end(changed);
    });
    asked.on("error", () => response.destroy());
    asked.end(body);
  });

  beforeAll(async () => {
    const toolchain = await setupToolchain();
    directory = await mkdtemp(join(tmpdir(), "plain-stack-"));
    moto = await startPlainMoto();
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const address = server.address();
    environment = {
      ...toolchain.environment,
      ...moto.environment,
      AWS_ENDPOINT_URL: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`,
      PULUMI_BACKEND_URL: `file://${directory}`,
      PULUMI_CONFIG_PASSPHRASE: "only for this test",
    };
  });

  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await moto?.stop();
    if (directory !== "") await rm(directory, { recursive: true, force: true });
  });

  /** A new stack, gone afterwards; each command is ended where it takes too long. */
  async function withStack<T>(stack: string, work: (pulumi: Pulumi) => Promise<T>): Promise<T> {
    const pulumi: Pulumi = async (...args) => {
      const done = await execa("pulumi", [...args, "--stack", stack, "--non-interactive", "--color", "never"], {
        cwd: program,
        env: environment,
        reject: false,
        all: true,
        stdin: "ignore",
        timeout: 180_000,
        forceKillAfterDelay: 1_000,
      });
      return { exitCode: done.exitCode, hangs: done.timedOut, output: done.all, endedAt: Date.now() };
    };
    await execa("pulumi", ["stack", "init", stack, "--no-select", "--non-interactive"], {
      cwd: program,
      env: environment,
    });
    try {
      return await work(pulumi);
    } finally {
      for (const part of ["answers", "changes"] as const) delete door[part];
      await pulumi("cancel", "--yes");
      await pulumi("destroy", "--yes", "--skip-preview");
      await rm(join(program, `Pulumi.${stack}.yaml`), { force: true });
    }
  }
  return { door, withStack };
}
